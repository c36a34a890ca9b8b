// The plugin author's road: an installed labhost that was moved, a project of one's own, and swapping its plugin.
#include <chrono>
#include <map>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "program.hpp"
#include "support/text.hpp"

namespace labhost {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Installed : public testing::ProgramTest {
protected:
    ProcessResult run(const std::vector<std::string>& command, const fs::path& folder = {}) {
        return run_process(command, {.folder = folder.empty() ? folder_.path() : folder,
                                     .environment = {{"LABHOST_DATA", data_folder(std::nullopt).native()},
                                                     {"XDG_CACHE_HOME", (folder_ / "cache").native()}}});
    }

    void must(const std::vector<std::string>& command, const fs::path& folder = {}) {
        const ProcessResult result = run(command, folder);
        ASSERT_EQ(result.exit_code, 0) << join(command, " ") << "\n" << result.out << result.err;
    }

    void install(const std::vector<std::string>& more = {}) {
        std::vector<std::string> command{LABHOST_CMAKE, "--install", LABHOST_BUILD, "--prefix", "before"};
        command.insert(command.end(), more.begin(), more.end());
        must(command);
        fs::rename(folder_ / "before", folder_ / "prefix");  // and moved
    }

    /// cmake -B build && cmake --build build, in `project`.
    void build(const fs::path& project, const std::vector<std::string>& more = {}) {
        std::vector<std::string> configure{LABHOST_CMAKE, "-B", "build", "-DCMAKE_CXX_FLAGS=" LABHOST_CXX_FLAGS};
        configure.insert(configure.end(), more.begin(), more.end());
        must(configure, project);
        const ProcessResult built = run({LABHOST_CMAKE, "--build", "build"}, project);
        ASSERT_EQ(built.exit_code, 0) << built.out << built.err;
        EXPECT_EQ(built.err, "") << "a first build must not even warn";
    }

    /// The training loss of each run of the project's experiment, by model.
    std::map<std::string, double> losses(const fs::path& project, const std::string& experiment) {
        const ProcessResult result = run({program_, experiment, "--plugins", "build", "--json"}, project);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        std::map<std::string, double> found;
        const json document = json::parse(result.out);
        for (const json& one : document.at("runs")) found[one.at("id")] = one.at("final").at("train.loss");
        return found;
    }

    std::string program_ = (folder_ / "prefix" / "bin" / "labhost").native();
};

TEST_F(Installed, TheRoadFromNothingToATrainedModelOfOnesOwn) {
    install();
    must({program_, "new", "mine"});
    const fs::path project = folder_ / "mine";
    build(project, {"-G", "Unix Makefiles"});
    must({program_, "validate", "build/mine.so"}, project);
    const auto first = losses(project, "mine.toml");
    ASSERT_EQ(first.size(), 2U);

    const std::string old_build = read_file(project / "build" / "mine.so");

    // A deleted plugin comes back with the next build.
    fs::remove(project / "build" / "mine.so");
    must({LABHOST_CMAKE, "--build", "build"}, project);
    EXPECT_EQ(read_file(project / "build" / "mine.so"), old_build);

    // A changed build takes the place of the first one; the host is the same.
    const auto host_time = fs::last_write_time(program_);
    std::string source = read_file(project / "mine.cpp");
    source.replace(source.find("relu(conv(x))"), 13, "sigmoid(conv(x))");
    folder_.write("mine/mine.cpp", source);
    must({LABHOST_CMAKE, "--build", "build"}, project);
    const ProcessResult plan = run({program_, "plan", "mine.toml", "--plugins", "build"}, project);
    EXPECT_NE(plan.out.find("2 runs: 1 finished, 1 new"), std::string::npos) << plan.out;
    const auto second = losses(project, "mine.toml");
    EXPECT_NE(first.at("mine-s1"), second.at("mine-s1"));
    EXPECT_EQ(first.at("net-s1"), second.at("net-s1"));
    EXPECT_EQ(fs::last_write_time(program_), host_time);
    EXPECT_FALSE(fs::exists(project / "build" / "mine.so.new"));

    // A sweep under way keeps the code it began with, although the plugin is replaced.
    const std::string new_build = read_file(project / "build" / "mine.so");
    const std::vector<std::string> longer{program_, "mine.toml", "--plugins", "swapped",          "--only",
                                          "mine-*", "--json",    "--set",     "trainer.epochs=30"};
    const auto losses_of = [&](const std::string& runs) {
        std::vector<std::string> command = longer;
        command.insert(command.end(), {"--runs", runs});
        return json::parse(run(command, project).out).at("runs").at(0).at("final").at("train.loss").get<double>();
    };
    folder_.write("mine/swapped/mine.so", old_build);
    const double undisturbed = losses_of("undisturbed");
    double disturbed = 0.0;
    std::thread sweep([&] { disturbed = losses_of("disturbed"); });
    const auto metrics = [&] {  // of the first epoch, so that the sweep is under way
        if (!fs::exists(project / "disturbed")) return false;
        for (const auto& entry : fs::recursive_directory_iterator(project / "disturbed"))
            if (entry.path().filename() == "metrics.jsonl" && fs::file_size(entry.path()) > 0) return true;
        return false;
    };
    while (!metrics()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    folder_.write("mine/swapped/mine.so.new", new_build);
    fs::rename(project / "swapped" / "mine.so.new", project / "swapped" / "mine.so");
    sweep.join();
    EXPECT_EQ(disturbed, undisturbed);
    EXPECT_NE(losses_of("disturbed"), undisturbed) << "the next command uses the new one";
}

TEST_F(Installed, TheResidualExampleBuildsAgainstItAndPassesEveryTest) {
    install();
    fs::copy(folder_ / "prefix" / "share" / "labhost" / "examples" / "residual", folder_ / "residual");
    const fs::path project = folder_ / "residual";
    build(project, {"-G", "Ninja", "-DCMAKE_PREFIX_PATH=" + (folder_ / "prefix").native()});
    const auto found = losses(project, "residual.toml");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_NE(found.at("residual-depth0-s1"), found.at("residual-depth2-s1"));
    must({program_, "validate", "build/residual.so", "--timeout", "5m"}, project);
}

TEST_F(Installed, HasItsComponentsApart) {
    install({"--component", "runtime"});
    EXPECT_TRUE(fs::exists(program_));
    for (const char* path :
         {"include", "lib/cmake", "lib/labhost/plugins", "share/labhost/template", "share/labhost/experiments"})
        EXPECT_FALSE(fs::exists(folder_ / "prefix" / path)) << path;
    const ProcessResult made = run({program_, "new", "mine"});
    EXPECT_EQ(made.exit_code, 2);
    EXPECT_NE(made.err.find("install the SDK too"), std::string::npos) << made.err;
    EXPECT_NE(run({program_, "plugins"}).out.find("plugin  version"), std::string::npos);
    must({LABHOST_CMAKE, "--install", LABHOST_BUILD, "--prefix", "prefix", "--component", "plugins"});
    EXPECT_NE(run({program_, "plugins"}).out.find("\nnet5 "), std::string::npos);
}

// ---- the LibTorch: the host's, whatever else is here

class WithAnotherLibTorch : public Installed {
protected:
    WithAnotherLibTorch() {
        const std::string header = "other/include/torch/csrc/api/include/torch/";
        folder_.write(header + "version.h",
                      "#define TORCH_VERSION_MAJOR 9\n#define TORCH_VERSION_MINOR 9\n#define TORCH_VERSION_PATCH 9\n");
        folder_.write(header + "torch.h", "#error the other LibTorch's header\n");
        for (const char* name : {"torch", "torch_cpu", "c10"})
            folder_.write(fmt::format("other/lib/lib{}.so", name), "");
        folder_.write("other/share/cmake/Torch/TorchConfig.cmake",
                      "message(FATAL_ERROR \"the other LibTorch's package\")\n");
        install();
        must({program_, "new", "mine"});
    }

    std::string other_ = (folder_ / "other").native();
};

TEST_F(WithAnotherLibTorch, APluginIsBuiltWithTheHosts) {
    build(folder_ / "mine", {"-DCMAKE_PREFIX_PATH=" + other_, "-DTorch_DIR=" + other_ + "/share/cmake/Torch"});
    EXPECT_EQ(losses(folder_ / "mine", "mine.toml").size(), 2U);
}

TEST_F(WithAnotherLibTorch, AnotherVersionThanTheHostsIsRefusedWhenConfigured) {
    const ProcessResult refused = run({LABHOST_CMAKE, "-B", "build", "-DLABHOST_TORCH=" + other_}, folder_ / "mine");
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_NE(refused.err.find("holds 9.9.9"), std::string::npos) << refused.err;
    const ProcessResult gone = run({LABHOST_CMAKE, "-B", "build", "-DLABHOST_TORCH=/no/such"}, folder_ / "mine");
    EXPECT_NE(gone.err.find("/no/such holds no LibTorch"), std::string::npos) << gone.err;
}

TEST_F(WithAnotherLibTorch, TheHostLoadsItsOwnWhateverLdLibraryPathNames) {
    const std::string engine = (folder_ / "prefix/lib/labhost/liblabhost_engine.so").native();
    const ProcessResult libraries = run({"env", "LD_LIBRARY_PATH=" + other_ + "/lib", "ldd", engine});
    EXPECT_EQ(libraries.out.find("not found"), std::string::npos) << libraries.out;
    EXPECT_EQ(libraries.out.find(other_), std::string::npos) << libraries.out;
    EXPECT_NE(libraries.out.find(LABHOST_TORCH_OF_DEBIAN ? "/libtorch_cpu.so" : LABHOST_TORCH_FOLDER "/lib"),
              std::string::npos)
        << libraries.out;
}

/// Everything that was refused stays refused with the words that fit where labhost is now.
TEST_F(Installed, NamesItsOwnPrefixInItsAdvice) {
    install();
    const ProcessResult result = run({program_, "inspect", LABHOST_BAD_PLUGINS "/other_libtorch.so"});
    EXPECT_NE(result.out.find("-DCMAKE_PREFIX_PATH=" + (folder_ / "prefix").native()), std::string::npos) << result.out;
}

TEST_F(Installed, TheDebianPackageNamesWhatItNeedsAndWorks) {
    if (run({"which", "dpkg-deb", "dpkg-shlibdeps"}).exit_code != 0) GTEST_SKIP() << "dpkg-dev is not installed";
    if (!LABHOST_TORCH_OF_DEBIAN)
        GTEST_SKIP() << "a .deb is for Debian's LibTorch, this one is in " LABHOST_TORCH_FOLDER;
    if (LABHOST_SANITIZED) GTEST_SKIP() << "instrumented";
    must({LABHOST_CPACK, "--config", LABHOST_BUILD "/CPackConfig.cmake", "-B", "package"});
    std::string deb;
    std::string archive;
    for (const auto& entry : fs::directory_iterator(folder_ / "package")) {
        if (entry.path().extension() == ".deb") deb = entry.path().native();
        if (entry.path().extension() == ".gz") archive = entry.path().native();
    }
    ASSERT_FALSE(deb.empty());
    ASSERT_FALSE(archive.empty());
    const std::string depends = run({"dpkg-deb", "--field", deb, "Depends"}).out;
    for (const char* package : {"libtorch", "libopenblas0-openmp", "libboost-program-options1.", "libelf1"})
        EXPECT_NE(depends.find(package), std::string::npos) << depends;

    // Installed by dpkg beside the system, its dependencies checked against the packages that are here.
    if (::geteuid() != 0) GTEST_SKIP() << "dpkg installs as root only";
    fs::create_directories(folder_ / "root");
    fs::copy("/var/lib/dpkg", folder_ / "dpkg", fs::copy_options::recursive);
    must({"dpkg", "--instdir=" + (folder_ / "root").native(), "--admindir=" + (folder_ / "dpkg").native(),
          "--force-script-chrootless", "--no-triggers", "--install", deb});
    program_ = (folder_ / "root" / "usr" / "bin" / "labhost").native();
    EXPECT_NE(run({program_, "plugins"}).out.find("\nnet5 "), std::string::npos);
    must({program_, "new", "packaged"});
    build(folder_ / "packaged");
    EXPECT_EQ(losses(folder_ / "packaged", "packaged.toml").size(), 2U);

    // Where nothing is installed, it is refused.
    fs::create_directories(folder_ / "bare" / "info");
    fs::create_directories(folder_ / "bare" / "updates");
    fs::create_directories(folder_ / "bare_root");
    folder_.write("bare/status", "");
    const ProcessResult refused =
        run({"dpkg", "--instdir=" + (folder_ / "bare_root").native(), "--admindir=" + (folder_ / "bare").native(),
             "--force-script-chrootless", "--install", deb});
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_NE(refused.err.find("dependency problems"), std::string::npos) << refused.err;

    // The archive unpacks to a prefix that works where it lies.
    must({"tar", "xzf", archive});
    program_.clear();
    for (const auto& entry : fs::directory_iterator(folder_.path()))
        if (entry.path().filename().native().starts_with("labhost-"))
            program_ = (entry.path() / "bin/labhost").native();
    ASSERT_FALSE(program_.empty());
    EXPECT_NE(run({program_, "plugins"}).out.find("\nnet5 "), std::string::npos);
}

}  // namespace
}  // namespace labhost
