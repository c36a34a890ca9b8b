// The IDX reader: raw and gzipped files, and every way a file can be damaged.
#include <gtest/gtest.h>
#include <zlib.h>

#include "data/idx.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/idx_files.hpp"
#include "support/hash.hpp"

namespace labhost {
namespace {

using testing::expect_error;
using testing::idx_bytes;

class Idx : public ::testing::Test {
protected:
    void refuse(const std::string& bytes, const std::string& words, std::size_t rank = 3) {
        const auto file = folder_.write("f", bytes);
        expect_error(ExitCode::usage, file.native() + ": error: ", [&] { read_idx(file, rank); });
        expect_error(ExitCode::usage, words, [&] { read_idx(file, rank); });
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
    const IdxFile raw = read_idx(folder_.write("raw", bytes), 3);
    const IdxFile gzipped = read_idx(folder_.write("packed.gz", gzip(folder_, bytes)), 3);
    EXPECT_EQ(raw.sizes, (std::vector<std::int64_t>{3, 4, 5}));
    EXPECT_EQ(raw.values.size(), 60U);
    EXPECT_EQ(raw.values[59], 59 * 7 % 256);
    EXPECT_EQ(gzipped.values, raw.values);
    EXPECT_EQ(raw.sha256, sha256(bytes));
    EXPECT_EQ(gzipped.sha256, raw.sha256);
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
    refuse(testing::labels("\1\2\3"), "is no IDX file of images: its magic number is 0x00000801, not 0x00000803");
    refuse(testing::images(1, 2, 2), "is no IDX file of labels", 1);
    refuse("PNG and so on, and so on", "is no IDX file of images");
    refuse(idx_bytes(0x00000D03, {1, 1, 1}, "1234"), "magic number is 0x00000d03");  // floats
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
    expect_error(ExitCode::usage, "cannot read: No such file", [&] { read_idx(folder_ / "none", 3); });
    expect_error(ExitCode::usage, "cannot be read", [&] { read_idx(folder_.path(), 3); });
}

}  // namespace
}  // namespace labhost
