// The labhost program as people run it: real binary, real plugins, real MNIST, in a folder of the test's own.
#pragma once

#include <sys/stat.h>

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "data/catalog.hpp"
#include "helpers/temporary_folder.hpp"
#include "support/files.hpp"
#include "support/process.hpp"

namespace labhost::testing {

class ProgramTest : public ::testing::Test {
protected:
    ProgramTest() { ::umask(022); }  // the tests of permissions begin from ordinary ones

    /// Runs labhost in the test's folder, with a cache of the test's own; data sets are the user's.
    ProcessResult labhost(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
        environment.emplace("LABHOST_DATA", data_folder(std::nullopt).native());
        environment.emplace("XDG_CACHE_HOME", (folder_ / "cache").native());
        arguments.emplace(arguments.begin(), LABHOST_PROGRAM);
        return run_process(arguments, {.folder = folder_.path(), .environment = std::move(environment)});
    }

    /// An experiment on a little of MNIST, one epoch, followed by `runs`; returns its path.
    std::string experiment(const std::string& runs, const std::string& name = "e.toml") {
        return folder_
            .write(name,
                   "[data]\ndataset = \"mnist\"\nnormalize = { mean = 0.1307, std = 0.3081 }\n"
                   "train_limit = 128\ntest_limit = 100\n[trainer]\nepochs = 1\ndevice = \"cpu\"\n" +
                       runs)
            .native();
    }

    /// Runs the experiment until the shell's `condition` holds, whatever time that takes (a minute and a half at most),
    /// and sends it the signal. What it says on standard error stands in said.err while it says it.
    ProcessResult stopped_when(const std::string& condition, const std::string& signal, const std::string& file) {
        // labhost is the shell itself, and not a job in its background: that would ignore SIGINT.
        const std::string script = ": > said.err; { i=0; until { " + condition +
                                   "; } || [ $i = 1800 ]; do sleep 0.05; i=$((i + 1)); done; kill -s " + signal +
                                   " $$; } > /dev/null 2>&1 & exec \"$0\" \"$1\" 2> said.err";
        ProcessResult result = run_process({"sh", "-c", script, LABHOST_PROGRAM, file}, {.folder = folder_.path()});
        result.err = read_file(folder_ / "said.err");
        return result;
    }

    /// The command must end with this code, say these words on standard error, and print no stack of LibTorch's.
    void expect_refusal(const ProcessResult& result, int exit_code, const std::string& words) {
        EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
        EXPECT_NE((result.out + result.err).find(words), std::string::npos)
            << "expected: " << words << "\n     got: " << result.out << result.err;
        EXPECT_EQ(result.err.find("frame #"), std::string::npos) << result.err;
        expect_no_finished_run();
    }

    void expect_no_finished_run() {
        if (!std::filesystem::exists(folder_ / "runs")) return;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "runs")) {
            if (entry.path().filename() != "result.json") continue;
            EXPECT_NE(nlohmann::json::parse(read_file(entry.path())).at("status"), "finished") << entry.path();
        }
    }

    /// The one folder under runs/ whose name begins so.
    std::filesystem::path run_folder(const std::string& experiment, const std::string& id) {
        for (const auto& entry : std::filesystem::directory_iterator(folder_ / "runs" / experiment))
            if (entry.path().filename().native().starts_with(id + "-")) return entry.path();
        ADD_FAILURE() << "no run " << id;
        return {};
    }

    TemporaryFolder folder_;
};

}  // namespace labhost::testing
