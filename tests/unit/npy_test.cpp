// NumPy's files: every type, both orders, and every way a file can be damaged.
#include <gtest/gtest.h>

#include "data/npy.hpp"
#include "data/npz.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/npy_files.hpp"
#include "helpers/temporary_folder.hpp"
#include "support/files.hpp"

namespace labhost::npy_test {
namespace {

using testing::bytes_of;
using testing::expect_error;
using testing::npy;
using testing::npy_with;

using Floats = std::vector<float>;
using Sizes = std::vector<std::int64_t>;

void refuse(const std::string& bytes, const std::string& words) {
    expect_error(ExitCode::usage, "x.npy: error: ", [&] { read_npy(bytes, "x.npy"); });
    expect_error(ExitCode::usage, words, [&] { read_npy(bytes, "x.npy"); });
}

TEST(Npy, ReadsEveryTypeOfNumber) {
    const auto floats = [](const std::string& descr, const std::string& values) {
        return to_floats(read_npy(npy(descr, "(2,)", values), "x.npy"));
    };
    EXPECT_EQ(floats("|b1", std::string("\1\0", 2)), (Floats{1, 0}));
    EXPECT_EQ(floats("|u1", "\x01\xff"), (Floats{1, 255}));
    EXPECT_EQ(floats("|i1", "\x01\xff"), (Floats{1, -1}));
    EXPECT_EQ(floats("<u2", bytes_of<std::uint16_t>({1, 65535})), (Floats{1, 65535}));
    EXPECT_EQ(floats("<i2", bytes_of<std::int16_t>({1, -2})), (Floats{1, -2}));
    EXPECT_EQ(floats("<u4", bytes_of<std::uint32_t>({1, 4294967295})), (Floats{1, 4294967296.0F}));
    EXPECT_EQ(floats("<i4", bytes_of<std::int32_t>({1, -2})), (Floats{1, -2}));
    EXPECT_EQ(floats("<u8", bytes_of<std::uint64_t>({1, 2})), (Floats{1, 2}));
    EXPECT_EQ(floats("<i8", bytes_of<std::int64_t>({1, -2})), (Floats{1, -2}));
    EXPECT_EQ(floats("<f4", bytes_of<float>({0.5F, -1e30F})), (Floats{0.5F, -1e30F}));
    EXPECT_EQ(floats("<f8", bytes_of<double>({0.1, -2.0})), (Floats{0.1F, -2}));
    EXPECT_EQ(floats(">f4", std::string("\x3f\x80\0\0\xbf\0\0\0", 8)), (Floats{1, -0.5F}));
    EXPECT_EQ(floats(">i2", std::string("\0\1\xff\xfe", 4)), (Floats{1, -2}));
}

// The values are numpy.float16's.
TEST(Npy, ReadsHalves) {
    const auto half = [](std::uint16_t bits) {
        return to_floats(read_npy(npy("<f2", "(1,)", bytes_of<std::uint16_t>({bits})), "x.npy")).at(0);
    };
    EXPECT_EQ(half(0x3C00), 1.0F);
    EXPECT_EQ(half(0xC500), -5.0F);
    EXPECT_EQ(half(0x7BFF), 65504.0F);
    EXPECT_EQ(half(0x0001), 0x1p-24F);
    EXPECT_EQ(half(0x83FF), -1023 * 0x1p-24F);
    EXPECT_EQ(half(0x7C00), std::numeric_limits<float>::infinity());
    EXPECT_NE(half(0x7E00), half(0x7E00));
}

TEST(Npy, OfColumnsIsReadByRows) {
    const Array array = read_npy(
        npy_with("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", std::string("\0\3\1\4\2\5", 6)), "x.npy");
    EXPECT_EQ(array.sizes, (Sizes{2, 3}));
    EXPECT_EQ(to_floats(array), (Floats{0, 1, 2, 3, 4, 5}));
    const Array cube = read_npy(
        npy_with("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 2)}", std::string("\0\4\2\6\1\5\3\7", 8)),
        "x.npy");
    EXPECT_EQ(to_floats(cube), (Floats{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(Npy, DamagedIsRefused) {
    const std::string good = npy("|u1", "(2, 2)", "abcd");
    refuse("", "is no .npy file");
    refuse("PK\3\4 and so on", "is no .npy file");
    refuse(good.substr(0, 9), "it ends inside its header");
    refuse(good.substr(0, 40), "it ends inside its header");
    refuse(good.substr(0, good.size() - 1),
           "is truncated: its header promises 4 bytes of values (2x2 of |u1), it holds 3");
    refuse(good + "e", "is too long");
    std::string other_version = good;
    other_version[6] = 9;
    refuse(other_version, "is of version 9 of the format");
    refuse(npy("|O", "(2,)", "ab"), "holds Python's objects, as ragged arrays are (dtype '|O')");
    refuse(npy("<U4", "(1,)", std::string(16, 'a')), "holds texts");
    refuse(npy("<c8", "(1,)", std::string(8, 'a')), "holds complex numbers");
    refuse(npy("<f3", "(1,)", "abc"), "holds elements that are no numbers");
    refuse(npy_with("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd"),
           "records of several fields");
    refuse(npy("|u1", "(-1,)", ""), "has a shape that is none");
    refuse(npy("|u1", "(99999999999999999999,)", ""), "has a shape that is none");
    refuse(npy("|u1", "(4294967296, 4294967296)", ""), "promises more than a terabyte");
    refuse(npy_with("{'descr': '|u1'", ""), "lacks a '}'");
    refuse(npy_with("{'descr': '|u1', 'fortran_order': Perhaps, 'shape': ()}", ""), "neither True nor False");
    refuse(npy_with("{'descr': '|u1', 'fortran_order': False}", ""), "lacks descr, fortran_order or shape");
    refuse(npy_with("{'descr': '|u1', 'order': False}", ""), "has a key 'order'");
}

class Npz : public ::testing::Test {
protected:
    std::filesystem::path write(const std::vector<std::pair<std::string, std::string>>& members) {
        testing::write_npz(folder_ / "x.npz", members);
        return folder_ / "x.npz";
    }
    testing::TemporaryFolder folder_;
};

TEST_F(Npz, HasArraysByName) {
    const NamedArrays arrays = open_npz(
        write({{"x.npy", npy("|u1", "(2, 2)", "abcd")}, {"notes.txt", "hello"}, {"y.npy", npy("|u1", "(2,)", "ef")}}));
    EXPECT_EQ(arrays.names, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(arrays.read("x").sizes, (Sizes{2, 2}));
    EXPECT_EQ(to_floats(arrays.read("y")), (Floats{'e', 'f'}));
    expect_error(ExitCode::usage, "x.npz: z.npy: error: is not there", [&] { arrays.read("z"); });
}

TEST_F(Npz, DamagedIsRefused) {
    expect_error(ExitCode::usage, "cannot be read as a zip archive",
                 [&] { open_npz(folder_.write("a.npz", "no zip")); });
    const auto file = write({{"x.npy", npy("|u1", "(2000,)", std::string(2000, 'a'))}});
    const std::string bytes = read_file(file);
    expect_error(ExitCode::usage, "cannot be read as a zip archive",
                 [&] { open_npz(folder_.write("b.npz", bytes.substr(0, bytes.size() / 2))); });
    std::string flipped = bytes;
    flipped[60] ^= 0x55;  // within the deflated member
    expect_error(ExitCode::usage, "c.npz", [&] { open_npz(folder_.write("c.npz", flipped)).read("x"); });
}

TEST_F(Npz, WhoseChecksumIsWrongIsRefused) {
    testing::write_npz(folder_ / "x.npz", {{"x.npy", npy("|u1", "(2000,)", std::string(2000, 'a'))}},
                       /*deflated=*/false);
    std::string bytes = read_file(folder_ / "x.npz");
    bytes[bytes.find("aaaa") + 1000] = 'b';
    expect_error(ExitCode::usage, "d.npz: x.npy: error: is damaged",
                 [&] { open_npz(folder_.write("d.npz", bytes)).read("x"); });
}

TEST_F(Npz, ThatPromisesMoreThanItsBytesCanHoldCostsNoMemory) {
    const std::string member = npy("|u1", "(2000,)", std::string(2000, 'a'));
    std::string bytes = read_file(write({{"x.npy", member}}));
    const std::string size = bytes_of<std::uint32_t>({static_cast<std::uint32_t>(member.size())});
    for (std::size_t at = bytes.find(size); at != std::string::npos; at = bytes.find(size, at))
        bytes.replace(at, 4, bytes_of<std::uint32_t>({0xF0000000}));
    expect_error(ExitCode::usage, "it promises more than its bytes can hold",
                 [&] { open_npz(folder_.write("e.npz", bytes)).read("x"); });
}

}  // namespace
}  // namespace labhost::npy_test
