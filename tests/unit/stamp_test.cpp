// Stamps: what a plugin was built with, against this host.
#include <gtest/gtest.h>

#include "plugin/stamp.hpp"

namespace labhost {
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

}  // namespace
}  // namespace labhost
