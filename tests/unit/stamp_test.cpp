// Stamps: what a plugin was built with, against this host; and what LibTorch the host has found.
#include <gtest/gtest.h>

#include "plugin/loaded_torch.hpp"
#include "plugin/stamp.hpp"

namespace labhost::stamp_test {
namespace {

Stamp stamp(const std::string& sdk, const std::string& torch = "1.13.0", const std::string& build = "cpu",
            const std::string& cxx11 = "1", const std::string& sanitizer = "none") {
    return Stamp("labhost_abi$sdk_" + sdk + "$torch_" + torch + "$build_" + build + "$cxx11_" + cxx11 +
                 "$stdlib_libstdcxx$sanitizer_" + sanitizer + "$compiler_gcc12");
}

const Stamp host = stamp("1.4");
using Reasons = std::vector<std::string>;

TEST(Stamp, ReadsItsFields) {
    EXPECT_EQ(host.field("sdk"), "1.4");
    EXPECT_EQ(host.field("stdlib"), "libstdcxx");
    EXPECT_EQ(host.field("nothing"), "");
    EXPECT_EQ(host.summary(), "SDK 1.4, LibTorch 1.13.0+cpu, gcc12");
}

TEST(Stamp, AHostLoadsItsOwnMajorUpToItsMinor) {
    EXPECT_TRUE(mismatches(stamp("1.4"), host).empty());
    EXPECT_TRUE(mismatches(stamp("1.0"), host).empty());
    EXPECT_EQ(mismatches(stamp("1.5"), host), (Reasons{"built with labhost SDK 1.5, this host has SDK 1.4"}));
    EXPECT_EQ(mismatches(stamp("2.0"), host), (Reasons{"built with labhost SDK 2.0, this host has SDK 1.4"}));
    EXPECT_EQ(mismatches(stamp("0.9"), host), (Reasons{"built with labhost SDK 0.9, this host has SDK 1.4"}));
    EXPECT_FALSE(mismatches(stamp("x"), host).empty());
}

TEST(Stamp, EveryOtherDifferenceIsNamedWithBothSides) {
    EXPECT_EQ(mismatches(stamp("1.4", "2.11.0", "cu130"), host),
              (Reasons{"built for LibTorch 2.11.0+cu130, this host has 1.13.0+cpu"}));
    EXPECT_EQ(mismatches(stamp("1.4", "1.13.0", "cpu", "0"), host),
              (Reasons{"built with _GLIBCXX_USE_CXX11_ABI '0', this host with '1'"}));
    EXPECT_EQ(mismatches(stamp("1.4", "1.13.0", "cpu", "1", "address"), host),
              (Reasons{"built with the sanitizer 'address', this host with 'none'"}));
    EXPECT_EQ(mismatches(Stamp("labhost_abi$"), host).size(), 5U);
}

TEST(Stamp, ThisHostsOwnIsComplete) {
    for (const char* key : {"sdk", "torch", "build", "cxx11", "stdlib", "sanitizer", "compiler"})
        EXPECT_NE(host_stamp().field(key), "") << key;
    EXPECT_TRUE(mismatches(host_stamp(), host_stamp()).empty());
}

TEST(LoadedTorch, IsTheOneThatTheHostWasBuiltWith) {
    const auto why = [](const std::string& version, const std::string& cuda, const Stamp& built_with) {
        return why_other_torch({"/opt/libtorch_cpu.so", version, cuda}, built_with);
    };
    EXPECT_EQ(why("1.13.0", "", host), "");
    EXPECT_EQ(why("1.13.0a0", "", host), "") << "headers and library of one LibTorch need not write the rest alike";
    EXPECT_EQ(why("2.8.0", "12.9", stamp("1.4", "2.8.0", "cu126")), "")
        << "CUDA keeps its interface within a major version";
    EXPECT_EQ(why("2.8.0", "12.9", stamp("1.4", "2.8.0", "cuda")), "") << "the build does not say which";
    EXPECT_EQ(why("2.8.0", "", stamp("1.4", "2.8.0", "rocm")), "") << "a ROCm build names no CUDA";
    EXPECT_EQ(why("", "", host), "") << "it cannot be told";

    EXPECT_EQ(why("2.14.1", "13.0", host),
              "/opt/libtorch_cpu.so: error: this is LibTorch 2.14.1 for CUDA 13.0, and labhost was built with "
              "1.13.0+cpu; it was found "
              "first: take its folder out of LD_LIBRARY_PATH, install LibTorch 1.13.0+cpu where it was, or build "
              "labhost again with this one");
    EXPECT_NE(why("1.13.1", "", host), "") << "another version";
    EXPECT_NE(why("2.8.0", "", stamp("1.4", "2.8.0", "cu126")), "") << "a CPU build under a CUDA host";
    EXPECT_NE(why("2.8.0", "12.6", stamp("1.4", "2.8.0", "cpu")), "") << "a CUDA build under a CPU host";
    EXPECT_NE(why("2.8.0", "11.8", stamp("1.4", "2.8.0", "cu126")), "") << "another major version of CUDA";
    EXPECT_NE(why("2.8.0", "1.26", stamp("1.4", "2.8.0", "cu126")), "");
}

}  // namespace
}  // namespace labhost::stamp_test
