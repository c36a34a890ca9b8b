// The gate: what may not be loaded, and why, from the file and its place alone.
#include "plugin/gate.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "helpers/temporary_folder.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost::gate_test {
namespace {

namespace fs = std::filesystem;

fs::path built(const std::string& name) { return executable_folder() / "bad_plugins" / (name + ".so"); }
GateReport report_of(const std::string& name) { return examine(PluginFile(built(name))); }

TEST(Gate, LetsThroughWhatFitsWithItsStampAndDescription) {
    const GateReport report = report_of("default_out_of_range");  // which only a load finds
    EXPECT_EQ(report.refusal, "");
    ASSERT_TRUE(report.stamp);
    EXPECT_EQ(report.stamp->field("torch"), host_stamp().field("torch"));
    EXPECT_EQ(report.description.at("id"), "default_out_of_range");
}

TEST(Gate, RefusesWhatIsNoPlugin) {
    for (const char* name : {"no_plugin", "no_descriptor"}) {
        const GateReport report = report_of(name);
        EXPECT_TRUE(report.description.is_null()) << name;
        EXPECT_EQ(report.stamp.has_value(), std::string(name) == "no_descriptor");
    }
    EXPECT_EQ(report_of("no_plugin").refusal,
              "this shared library is no labhost plugin: it has no labhost_abi stamp; build it with "
              "labhost_add_plugin() and end its source with LABHOST_PLUGIN(...)");
    EXPECT_EQ(report_of("no_descriptor").refusal,
              "this plugin has a stamp but no descriptor (labhost_plugin); end its source with LABHOST_PLUGIN(...)");
}

TEST(Gate, RefusesFilesThatAreNoSharedLibraries) {
    const testing::TemporaryFolder folder;
    for (const char* bytes : {"",
                              "\x7f"
                              "ELF",
                              "#!/bin/sh\n"}) {
        const GateReport report = examine(PluginFile(folder.write("p.so", bytes)));
        EXPECT_NE(report.refusal, "") << bytes;
        EXPECT_FALSE(report.stamp) << bytes;
    }
}

TEST(Gate, RefusesTwoStampsNamingBoth) {
    for (const char* name : {"two_stamps", "stripped/two_stamps"}) {
        const GateReport report = report_of(name);
        const auto has = [&](const std::string& words) { return report.refusal.find(words) != std::string::npos; };
        EXPECT_TRUE(report.refusal.starts_with("it has two stamps, labhost_abi$sdk_")) << report.refusal;
        EXPECT_TRUE(has("labhost_abi$sdk_1.0$torch_9.9.9$build_cu999")) << report.refusal;
        EXPECT_TRUE(has("$torch_" + host_stamp().field("torch") + "$")) << report.refusal;
        EXPECT_TRUE(report.refusal.ends_with("; build it again, from one LABHOST_PLUGIN(...)")) << report.refusal;
        EXPECT_TRUE(report.description.is_null()) << "whose it would be is not known";
    }
}

TEST(Gate, RefusesWhatWasBuiltForAnotherHostAndSaysHowToBuildIt) {
    const GateReport other = report_of("other_libtorch");
    EXPECT_TRUE(other.refusal.starts_with("built for LibTorch 9.9.9+cu999, this host has ")) << other.refusal;
    EXPECT_TRUE(other.refusal.ends_with(fmt::format(
        "; rebuild it against this host: cmake --fresh -B build -DCMAKE_PREFIX_PATH={} && cmake --build build",
        shell_quoted(sdk_prefix().native()))))
        << other.refusal;
    EXPECT_EQ(other.stamp->field("torch"), "9.9.9");
    EXPECT_EQ(other.description.at("id"), "other_libtorch") << "it is described though it is not loaded";

    const GateReport newer = report_of("newer_sdk_minor");
    EXPECT_TRUE(newer.refusal.starts_with("built with labhost SDK 1.999, this host has SDK 1.")) << newer.refusal;
    EXPECT_EQ(newer.description.at("id"), "newer_sdk_minor");

    const GateReport major = report_of("other_sdk_major");
    EXPECT_TRUE(major.refusal.starts_with("built with labhost SDK 2.0, this host has SDK 1.")) << major.refusal;
    EXPECT_TRUE(major.description.is_null()) << "another major version may lay it out in another way";
}

/// Files and folders with rights of one's own choice; each lies in a folder that only its owner may write to.
class Permissions : public ::testing::Test {
protected:
    Permissions() { ::umask(022); }

    /// The place that anyone may write to, as the fault names it; "" without a fault.
    static std::string unsafe(const fs::path& file) {
        const std::string fault = permission_fault(file);
        if (fault.empty()) return "";
        EXPECT_TRUE(fault.starts_with("anyone may write to ")) << fault;
        EXPECT_TRUE(fault.ends_with("or pass --allow-insecure-plugins")) << fault;
        const std::string place = fault.substr(20, fault.find(',') - 20);
        EXPECT_NE(fault.find("(chmod o-w " + place + ")"), std::string::npos) << fault;
        return place;
    }
    void open_to_all(const fs::path& place) {
        fs::permissions(folder_ / place, fs::perms::others_write, fs::perm_options::add);
    }
    void link(const fs::path& target, const fs::path& name) { fs::create_symlink(target, folder_ / name); }

    testing::TemporaryFolder folder_;
};

TEST_F(Permissions, AreWellWhereOnlyTheOwnerMayWrite) {
    EXPECT_EQ(unsafe(folder_.write("a/b/p.so", "")), "");
    EXPECT_EQ(unsafe(folder_ / "a/b/none.so"), "");
    EXPECT_EQ(unsafe(folder_ / "a/b/../b/./p.so"), "");
    EXPECT_EQ(unsafe(folder_ / "a//b/p.so"), "");
}

TEST_F(Permissions, OfTheFileAndItsFolderCount) {
    const fs::path file = folder_.write("a/b/p.so", "");
    open_to_all("a");
    EXPECT_EQ(unsafe(file), "") << "folders further up are not looked at";
    open_to_all("a/b/p.so");
    EXPECT_EQ(unsafe(file), file.native());
    EXPECT_EQ(unsafe(folder_ / "a/b/../b/p.so"), file.native());
    open_to_all("a/b");
    EXPECT_EQ(unsafe(file), file.parent_path().native());
    const fs::path before_dots = folder_.write("+a/p.so", "");
    open_to_all("+a");
    EXPECT_EQ(unsafe(before_dots), before_dots.parent_path().native());
}

TEST_F(Permissions, OfWhatALinkLeadsThroughCount) {
    const fs::path file = folder_.write("real/p.so", "");
    folder_.write("links/other", "");
    folder_.write("via/other", "");
    link("../real/p.so", "links/relative.so");
    link(file, "links/absolute.so");
    link("../links/relative.so", "via/twice.so");
    link("../real", "links/folder");
    for (const char* name : {"links/relative.so", "links/absolute.so", "via/twice.so", "links/folder/p.so"})
        EXPECT_EQ(unsafe(folder_ / name), "") << name;

    open_to_all("links");
    for (const char* name : {"links/relative.so", "links/absolute.so", "via/twice.so", "links/folder/p.so"})
        EXPECT_EQ(unsafe(folder_ / name), (folder_ / "links").native()) << name;
    EXPECT_EQ(unsafe(file), "");

    fs::permissions(folder_ / "links", fs::perms::others_write, fs::perm_options::remove);
    open_to_all("real/p.so");
    for (const char* name : {"links/relative.so", "links/absolute.so", "via/twice.so", "links/folder/p.so"})
        EXPECT_EQ(unsafe(folder_ / name), file.native()) << name;
}

TEST_F(Permissions, LinksInACircleEnd) {
    folder_.write("a/other", "");
    link("two.so", "a/one.so");
    link("one.so", "a/two.so");
    EXPECT_EQ(unsafe(folder_ / "a/one.so"), "") << "the kernel gives up, too";
}

/// As many links as the kernel follows are followed.
TEST_F(Permissions, ALongChainOfLinksIsWalkedToItsEnd) {
    folder_.write("a/p.so", "");
    open_to_all("a/p.so");
    fs::path last = "p.so";
    for (int i = 0; i < 40; ++i) {
        const fs::path name = "link" + std::to_string(i);
        link(last, "a" / name);
        last = name;
    }
    EXPECT_EQ(unsafe(folder_ / "a" / last), (folder_ / "a/p.so").native());
}

}  // namespace
}  // namespace labhost::gate_test
