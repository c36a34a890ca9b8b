// labhost doctor: every line is true, whatever the machine; it never hangs, ends early or leaves a file behind.
#include <unistd.h>

#include <chrono>
#include <set>

#include "program.hpp"

namespace labhost {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Doctor : public testing::ProgramTest {
protected:
    /// Its report as JSON, from options and environment on top of the test's; `path` is put in front of PATH.
    json report(const std::vector<std::string>& options, std::map<std::string, std::string> environment = {},
                int exit_code = 0) {
        std::vector<std::string> arguments{"doctor", "--json"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        environment.emplace("XDG_DATA_HOME", (folder_ / "share").native());
        environment.emplace("LABHOST_DATA", (folder_ / "data").native());
        const ProcessResult result = labhost(arguments, environment);
        EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
        EXPECT_EQ(result.err, "");
        return json::parse(result.out);
    }

    /// On a machine with a fault of tests/chaos/faults.cpp, which labhost cannot work with.
    json report_with_fault(const std::string& fault) {
        return report({}, {{"LD_PRELOAD", LABHOST_FAULTS_LIBRARY}, {"LABHOST_FAULT", fault}}, 4);
    }

    /// The first check of that name.
    static json check(const json& report, const std::string& name) {
        for (const json& check : report.at("checks"))
            if (check.at("name") == name) return check;
        ADD_FAILURE() << "no check " << name << " in " << report.dump(1);
        return {{"status", ""}, {"says", ""}, {"remedy", ""}};
    }

    static void expect(const json& check, const std::string& status, const std::string& words) {
        EXPECT_EQ(check.at("status"), status) << check.dump(1);
        EXPECT_NE(check.at("says").get<std::string>().find(words), std::string::npos)
            << "expected: " << words << "\n     got: " << check.dump(1);
    }

    /// A PATH whose first folder has a program of this name that runs `script`.
    std::string path_with(const std::string& program, const std::string& script) {
        const fs::path file = folder_.write("bin/" + program, "#!/bin/sh\n" + script + "\n");
        fs::permissions(file, fs::perms::owner_all);
        const char* path = std::getenv("PATH");
        return (folder_ / "bin").native() + ":" + (path == nullptr ? "" : path);
    }

    /// All that lies in the test's folder.
    std::set<std::string> files() const {
        std::set<std::string> found;
        for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) found.insert(entry.path().native());
        return found;
    }

    fs::path runs() {
        fs::create_directory(folder_ / "runs");
        return folder_ / "runs";
    }
};

TEST_F(Doctor, HasALineForEachSubjectAndSaysWhatToDoOfWhatIsWrong) {
    const json document = report({});
    EXPECT_EQ(document.at("schema"), 1);
    EXPECT_EQ(document.at("verdict"), "warning") << "there is no data";
    for (const char* name :
         {"labhost", "system", "libraries", "LibTorch", "BLAS", "processor", "cores", "memory", "limits", "GPU",
          "data folder", "plugin folder", "plugin net", "runs folder", "locks", "fsync", "Slurm", "git", "environment"})
        check(document, name);
    for (const json& check : document.at("checks")) {
        EXPECT_NE(check.at("says"), "") << check.dump();
        EXPECT_TRUE(check.at("status") == "ok" || check.at("remedy") != "") << check.dump();
    }
    expect(check(document, "LibTorch"), "ok", check(document, "LibTorch").at("library"));
    expect(check(document, "plugin net"), "ok", "loads: ");
    expect(check(document, "locks"), "ok", "a second process was kept out");
}

TEST_F(Doctor, AsTextIsPlainAlignedAndHasTheSameLines) {
    const ProcessResult result = labhost({"doctor"});
    EXPECT_EQ(result.exit_code, 0) << result.out;
    EXPECT_EQ(result.out.find('\x1b'), std::string::npos) << "no terminal, no colours";
    EXPECT_NE(result.out.find("\nok       LibTorch           "), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("\n\nlabhost can work here: "), std::string::npos) << result.out;
}

TEST_F(Doctor, LeavesNothingBehind) {
    runs();
    const auto before = files();
    report({});
    report({"--runs", "not/there/yet"});
    EXPECT_EQ(files(), before);
}

TEST_F(Doctor, WorksWithoutHomeGitAndPath) {
    const json document = report(
        {}, {{"PATH", "/nowhere"}, {"HOME", ""}, {"XDG_CACHE_HOME", ""}, {"XDG_DATA_HOME", ""}, {"LABHOST_DATA", ""}});
    expect(check(document, "data folder"), "warning", "neither HOME nor XDG_CACHE_HOME is set");
    expect(check(document, "git"), "ok", "not here");
    expect(check(document, "Slurm"), "ok", "not here");
}

TEST_F(Doctor, TellsOfNoVariableButThoseThatMatter) {
    const json document = report({}, {{"MY_SECRET", "swordfish"}, {"OMP_NUM_THREADS", "3"}});
    EXPECT_EQ(document.dump().find("swordfish"), std::string::npos);
    expect(check(document, "environment"), "ok", "OMP_NUM_THREADS=3");
}

// ---- LibTorch

TEST_F(Doctor, ALibTorchThatCrashesWhenItIsLoadedIsALine) {
    if (LABHOST_SANITIZED) GTEST_SKIP() << "a sanitizer wants to be the first library that is loaded";
    const json document = report_with_fault("torch-crashes");
    EXPECT_EQ(document.at("verdict"), "failure");
    expect(check(document, "LibTorch"), "failure", "was killed by SIGABRT");
    expect(check(document, "plugin net"), "warning", "passes the gate; not loaded: see the line of LibTorch");
    check(document, "git");
}

// ---- GPUs

TEST_F(Doctor, ANvidiaSmiWithoutADriverIsSeenThrough) {
    if (fs::exists("/dev/nvidiactl")) GTEST_SKIP() << "this machine has NVIDIA's driver";
    const json gpu = check(
        report({}, {{"PATH", path_with("nvidia-smi", "echo 'GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)'")}}), "GPU");
    expect(gpu, "warning", "nvidia-smi lists NVIDIA H100 80GB HBM3, but there is no /dev/nvidiactl");
    expect(gpu, "warning", "auto takes the CPU");
}

TEST_F(Doctor, ANvidiaSmiThatFailsIsQuoted) {
    if (fs::exists("/dev/nvidiactl")) GTEST_SKIP() << "this machine has NVIDIA's driver";
    const json gpu = check(
        report({}, {{"PATH", path_with("nvidia-smi", "echo 'NVIDIA-SMI has failed because of the weather'; exit 9")}}),
        "GPU");
    expect(gpu, "warning", "it ended with 9: NVIDIA-SMI has failed because of the weather");
}

TEST_F(Doctor, ANvidiaSmiThatHangsIsKilled) {
    const auto start = std::chrono::steady_clock::now();
    const json document =
        report({}, {{"PATH", path_with("nvidia-smi", "echo $$ > " + (folder_ / "id").native() + "; sleep 1000")}});
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
    expect(check(document, "GPU"), "warning", "was not done after 10 s");
    const std::string id = read_file(folder_ / "id");
    const fs::path process = "/proc/" + id.substr(0, id.find('\n'));
    EXPECT_TRUE(!fs::exists(process) || read_file(process / "cmdline").empty()) << "it is gone, or a zombie at most";
}

// ---- data

TEST_F(Doctor, TellsCompletePartialAndMissingDataSets) {
    const json nothing = report({"--data", (folder_ / "nowhere").native()});
    expect(check(nothing, "data folder"), "warning", "nowhere: it is not there");
    folder_.write("data/mnist/train-images-idx3-ubyte", "not the real one");
    folder_.write("data/mnist/train-labels-idx1-ubyte.gz", "nor this");
    const json mnist = check(report({}), "mnist");
    expect(mnist, "warning",
           "missing: t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; damaged: train-images-idx3-ubyte (");
    EXPECT_EQ(mnist.at("remedy"), "labhost fetch mnist");
    const json fashion = check(report({"--data", (folder_ / "data").native()}), "fashion-mnist");
    expect(fashion, "ok", "not here");
    EXPECT_EQ(fashion.at("remedy"), "labhost fetch fashion-mnist --data " + (folder_ / "data").native());
}

TEST_F(Doctor, KnowsTheRealMnist) {
    const fs::path real = data_folder(std::nullopt);
    if (!fs::exists(real / "mnist" / "train-images-idx3-ubyte")) GTEST_SKIP() << "MNIST is not here";
    const json mnist = check(report({}, {{"LABHOST_DATA", real.native()}}), "mnist");
    expect(mnist, "ok", "complete");
    EXPECT_EQ(mnist.at("complete"), true);
}

// ---- plugins

TEST_F(Doctor, GivesEachPluginItsVerdict) {
    folder_.write("mine/broken.so", "no library at all");
    fs::copy_file(std::string(LABHOST_BUILD) + "/plugins/net.so", folder_ / "mine" / "net.so");
    const json document = report({"--plugins", (folder_ / "mine").native()});
    expect(check(document, "plugin folder"), "ok", "mine: 2 plugins");
    expect(check(document, "plugin broken"), "warning", "broken.so: ");
    expect(check(document, "plugin net"), "ok", (folder_ / "mine" / "net.so").native());
    const auto& checks = document.at("checks");
    EXPECT_EQ(std::ranges::count_if(checks,
                                    [](const json& c) {
                                        return c.at("name") == "plugin net" &&
                                               c.at("says").get<std::string>().find("is found first") !=
                                                   std::string::npos;
                                    }),
              1);
}

TEST_F(Doctor, APluginFolderThatIsNotThereIsAFailure) {
    expect(check(report({"--plugins", "nowhere"}, {}, 4), "plugin folder"), "failure", "nowhere: it is not there");
}

TEST_F(Doctor, APluginThatAnyoneMayWriteIsRefusedUnlessAllowed) {
    fs::create_directory(folder_ / "mine");
    fs::copy_file(std::string(LABHOST_BUILD) + "/plugins/net.so", folder_ / "mine" / "net.so");
    fs::permissions(folder_ / "mine" / "net.so", fs::perms::all);
    expect(check(report({"--plugins", "mine"}), "plugin net"), "warning", "anyone may write to");
    expect(check(report({"--plugins", "mine", "--allow-insecure-plugins"}), "plugin net"), "ok", "loads: ");
}

// ---- the runs folder

TEST_F(Doctor, AFolderThatIsNotThereIsLookedAtThroughItsParent) {
    const json runs = check(report({"--runs", "a/b"}), "runs folder");
    expect(runs, "ok", (folder_ / "a" / "b").native() + " is not there yet; " + folder_.path().native() + ": ");
    EXPECT_FALSE(fs::exists(folder_ / "a"));
}

TEST_F(Doctor, AFileSystemWithoutLocksOrSyncIsAFailure) {
    if (LABHOST_SANITIZED) GTEST_SKIP() << "a sanitizer wants to be the first library that is loaded";
    expect(check(report_with_fault("no-locks"), "locks"), "failure", "cannot be locked: No locks available");
    expect(check(report_with_fault("locks-for-all"), "locks"), "failure", "a second process got the same lock");
    const json unsynced = report_with_fault("no-sync");
    expect(check(unsynced, "locks"), "ok", "a second process was kept out");
    expect(check(unsynced, "fsync"), "failure", "Input/output error");
}

TEST_F(Doctor, WhatIsNoFolderIsAFailure) {
    expect(check(report({"--runs", "/dev/full"}, {}, 4), "runs folder"), "failure", "it is no folder");
    expect(check(report({"--runs", "/dev/full/runs"}, {}, 4), "runs folder"), "failure", "/dev/full is no folder");
    fs::create_symlink("nowhere", folder_ / "link");
    expect(check(report({"--runs", "link"}, {}, 4), "runs folder"), "failure", "cannot be looked at: No such file");
}

TEST_F(Doctor, AWorkingFolderThatWasRemovedIsSaidToBeGone) {
    const auto report_in_removed = [&](const std::string& options) {
        const ProcessResult result = run_process(
            {"sh", "-c", "mkdir x && cd x && rmdir ../x && exec " LABHOST_PROGRAM " doctor --json " + options},
            {.folder = folder_.path()});
        EXPECT_EQ(result.err, "");
        return json::parse(result.out);
    };
    const json lost = report_in_removed("");
    expect(check(lost, "working folder"), "warning", "is gone: it was removed");
    EXPECT_EQ(check(lost, "working folder").at("remedy").get<std::string>().find("cd to a folder that is there"), 0);
    expect(check(lost, "runs folder"), "failure", "runs: lies in the working folder, which is gone");
    EXPECT_EQ(check(lost, "git"), check(report({}), "git")) << "which works there, too";
    expect(check(report_in_removed("--runs " + runs().native()), "runs folder"), "ok", runs().native());
}

TEST_F(Doctor, AReadOnlyOrAFullFileSystemIsAFailure) {
    runs();
    const auto in_namespace = [&](const std::string& mount) {
        return run_process({"unshare", "--mount", "--map-root-user", "sh", "-c",
                            mount + " || exit 99; exec " LABHOST_PROGRAM " doctor --json"},
                           {.folder = folder_.path()});
    };
    for (const auto& [mount, words] :
         {std::pair("mount -t tmpfs -o ro tmpfs runs", "Read-only file system"),
          std::pair("mount -t tmpfs -o size=8k tmpfs runs && ! cp /bin/sh runs/ 2> /dev/null",
                    "No space left on device")}) {
        const ProcessResult result = in_namespace(mount);
        if (result.exit_code == 99 || result.err.find("unshare failed") != std::string::npos)
            GTEST_SKIP() << "this machine lets no one mount: " << result.err;
        EXPECT_EQ(result.exit_code, 4) << result.out;
        const json runs = check(json::parse(result.out), "runs folder");
        expect(runs, "failure", words);
        expect(runs, "failure", "tmpfs (in memory: gone after a restart)");
    }
}

TEST_F(Doctor, AFolderOfAnotherUserIsSaidToBe) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
    constexpr uid_t nobody_known = 54321;
    ASSERT_EQ(::chown(runs().c_str(), nobody_known, nobody_known), 0);
    const json of_root = check(report({}), "runs folder");
    expect(of_root, "warning", "owner 54321 (another user); what root writes there, 54321 cannot go on with");
}

TEST_F(Doctor, AFolderThatOneMayNotWriteIsAFailure) {
    fs::permissions(runs(), fs::perms::owner_read | fs::perms::owner_exec);
    std::vector<std::string> command{LABHOST_PROGRAM, "doctor", "--json"};
    if (::geteuid() == 0) {  // whom no permission stops
        command.insert(command.begin(), {"setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups"});
        fs::permissions(folder_.path(), fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec);
        fs::permissions(folder_ / "runs", fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec);
    }
    const ProcessResult result = run_process(command, {.folder = folder_.path()});
    if (result.err.find("setpriv") != std::string::npos) GTEST_SKIP() << result.err;
    EXPECT_EQ(result.exit_code, 4) << result.out << result.err;
    expect(check(json::parse(result.out), "runs folder"), "failure", "Permission denied");
}

}  // namespace
}  // namespace labhost
