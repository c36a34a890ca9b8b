// The IDX reader: raw and gzipped files, and every way a file can be damaged.
#include <gtest/gtest.h>
#include <zlib.h>

#include "data/idx.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/idx_files.hpp"
#include "support/hash.hpp"

namespace labhost::idx_test {
namespace {

using testing::expect_error;
using testing::idx_bytes;

class Idx : public ::testing::Test {
protected:
    void refuse(const std::string& bytes, const std::string& words) {
        const auto file = folder_.write("f", bytes);
        expect_error(ExitCode::usage, file.native() + ": error: ", [&] { read_idx(file); });
        expect_error(ExitCode::usage, words, [&] { read_idx(file); });
    }
    testing::TemporaryFolder folder_;
};

std::string gzip(const testing::TemporaryFolder& folder, const std::string& bytes) {
    const auto path = folder / "tmp.gz";
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(Idx, ReadsRawAndGzippedAlike) {
    const std::string bytes = testing::images(3, 4, 5);
    const IdxFile raw = read_idx(folder_.write("raw", bytes));
    const IdxFile gzipped = read_idx(folder_.write("packed.gz", gzip(folder_, bytes)));
    EXPECT_EQ(raw.array.sizes, (std::vector<std::int64_t>{3, 4, 5}));
    EXPECT_EQ(raw.array.bytes.size(), 60U);
    EXPECT_EQ(raw.array.bytes[59], 59 * 7 % 256);
    EXPECT_EQ(gzipped.array.bytes, raw.array.bytes);
    EXPECT_EQ(raw.sha256, sha256(bytes));
    EXPECT_EQ(gzipped.sha256, raw.sha256);
}

TEST_F(Idx, ReadsEveryTypeAndAnyRank) {
    const auto floats = [&](std::uint32_t magic, const std::vector<std::uint32_t>& sizes, const std::string& values) {
        return to_floats(read_idx(folder_.write("f", idx_bytes(magic, sizes, values))).array);
    };
    EXPECT_EQ(floats(0x901, {2}, "\x7f\xff"), (std::vector<float>{127.0F, -1.0F}));
    EXPECT_EQ(floats(0xB01, {2}, std::string("\x01\x02\xff\xfe", 4)), (std::vector<float>{258.0F, -2.0F}));
    EXPECT_EQ(floats(0xC01, {1}, std::string("\xff\xff\xff\xfd", 4)), (std::vector<float>{-3.0F}));
    EXPECT_EQ(floats(0xD02, {1, 1}, std::string("\x3f\x80\0\0", 4)), (std::vector<float>{1.0F}));
    EXPECT_EQ(floats(0xE04, {1, 1, 1, 1}, std::string("\xbf\xe0\0\0\0\0\0\0", 8)), (std::vector<float>{-0.5F}));
}

TEST_F(Idx, RefusesTruncatedFiles) {
    const std::string bytes = testing::images(3, 4, 5);
    refuse(bytes.substr(0, bytes.size() - 1), "is truncated: its header promises 60 values, it holds 59");
    refuse(bytes.substr(0, 16), "is truncated: its header promises 60 values, it holds 0");
    refuse(bytes.substr(0, 9), "is truncated: it ends inside its header");
    refuse("", "is truncated: it ends inside its header");
}

TEST_F(Idx, RefusesBytesBeyondWhatTheHeaderPromises) {
    refuse(testing::images(3, 4, 5) + "x", "is too long: there are bytes after the 60 values its header promises");
}

TEST_F(Idx, RefusesOtherMagicNumbers) {
    refuse("PNG and so on, and so on", "is no IDX file: its magic number is 0x504e4720, not such as 0x00000803");
    refuse(idx_bytes(0x00000A03, {1, 1, 1}, "1234"), "magic number is 0x00000a03");  // a type that there is not
    refuse(idx_bytes(0x00000800, {}, "1"), "magic number is 0x00000800");
}

TEST_F(Idx, AHeaderThatPromisesTheWorldCostsNoMemory) {
    refuse(idx_bytes(0x803, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "1"), "promises more than a terabyte");
    refuse(idx_bytes(0x803, {60000, 1000, 1000}, "1"),
           "is truncated: its header promises 60000000000 values, it holds 1");
    refuse(idx_bytes(0x803, {0, 28, 28}, ""), "holds no examples");
}

TEST_F(Idx, RefusesDamagedGzip) {
    const std::string packed = gzip(folder_, testing::images(30, 40, 50));
    refuse(packed.substr(0, packed.size() / 2), "truncated");
    std::string flipped = packed;
    flipped[flipped.size() - 6] ^= 1;  // the checksum at its end
    refuse(flipped, "cannot be read");
}

TEST_F(Idx, RefusesWhatIsNotThere) {
    expect_error(ExitCode::usage, "cannot read: No such file", [&] { read_idx(folder_ / "none"); });
    expect_error(ExitCode::usage, "cannot be read", [&] { read_idx(folder_.path()); });
}

}  // namespace
}  // namespace labhost::idx_test
