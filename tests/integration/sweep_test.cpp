// A sweep that survives: runs side by side, failures that cost no other, interruptions that change no bit.
#include <fmt/format.h>

#include "sweep_program.hpp"

namespace labhost {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Sweep : public testing::SweepProgramTest {
protected:
    /// Six runs, each in its own way a little different.
    static constexpr const char* six =
        "[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net1\"\n[[run]]\nmodel = \"net2\"\n"
        "[[run]]\nmodel = \"net3\"\n[[run]]\nmodel = \"net4\"\n[[run]]\nmodel = \"net5\"\n";

    std::string reason(const std::string& id) {
        const json result = json::parse(read_file(run_folder("e", id) / "result.json"));
        return result.at("status") == "failed" ? result.at("reason").get<std::string>() : "it did not fail";
    }

    static std::string bad_plugins() { return LABHOST_BAD_PLUGINS; }
};

TEST_F(Sweep, GivesTheSameBitsWhateverRunsBesideIt) {
    const std::string file = experiment(six);
    ASSERT_EQ(labhost({file, "--runs", "one", "--jobs", "1"}).exit_code, 0);
    ASSERT_EQ(labhost({file, "--runs", "two", "--jobs", "2"}).exit_code, 0);
    ASSERT_EQ(labhost({file, "--runs", "six", "--jobs", "6"}).exit_code, 0);
    const auto expected = all_numbers("one");
    ASSERT_EQ(expected.size(), 6U);
    EXPECT_TRUE(all_numbers("two") == expected);
    EXPECT_TRUE(all_numbers("six") == expected);
}

TEST_F(Sweep, SixThatFailInSixWaysCostTheSixOthersNothing) {
    if (LABHOST_SANITIZED) GTEST_SKIP() << "a sanitizer ends a process, and limits its memory, in its own way";
    ASSERT_EQ(labhost({experiment(six), "--runs", "alone", "--jobs", "1"}).exit_code, 0);
    const std::string twelve = std::string(six) +
                               "[[run]]\nmodel = \"throws_in_forward\"\n[[run]]\nmodel = \"crashes_in_forward\"\n"
                               "[[run]]\nmodel = \"exits_in_forward\"\n"
                               "[[run]]\nmodel = \"hangs_in_forward\"\ntrainer = { timeout = \"3s\" }\n"
                               "[[run]]\nmodel = \"allocates_without_end\"\ntrainer = { memory_limit = \"1 GiB\" }\n"
                               "[[run]]\nmodel = \"nan_output\"\ntrainer = { on_nan = \"fail\" }\n";
    const ProcessResult result = labhost({experiment(twelve), "--plugins", bad_plugins(), "--jobs", "2"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_TRUE(all_numbers("runs") == all_numbers("alone"));

    EXPECT_TRUE(reason("throws_in_forward-s1").starts_with("plugin 'throws_in_forward' failed in forward: "));
    EXPECT_EQ(reason("crashes_in_forward-s1"),
              "plugin 'crashes_in_forward' was killed by SIGSEGV in epoch 1, after training batch 2 of 2");
    EXPECT_EQ(reason("exits_in_forward-s1"), "plugin 'exits_in_forward' called exit(3) before its first batch");
    EXPECT_EQ(reason("hangs_in_forward-s1"),
              "plugin 'hangs_in_forward' was not done after 3 s (trainer.timeout) before its first batch");
    EXPECT_TRUE(reason("allocates_without_end-s1")
                    .starts_with("plugin 'allocates_without_end' needs more memory than trainer.memory_limit = 1.0 GiB "
                                 "allows: "))
        << reason("allocates_without_end-s1");
    EXPECT_EQ(reason("nan_output-s1"),
              "the training loss of plugin 'nan_output' is nan in epoch 1, at batch 1 of 2 "
              "(trainer.on_nan = \"fail\")");
    for (const char* id : {"throws_in_forward-s1", "crashes_in_forward-s1", "exits_in_forward-s1",
                           "hangs_in_forward-s1", "allocates_without_end-s1", "nan_output-s1"}) {
        EXPECT_NE(result.out.find(std::string(id) + " failed: "), std::string::npos) << result.out;
        EXPECT_NE(result.err.find(run_folder("e", id).filename().native() + "/log.txt"), std::string::npos);
        EXPECT_NE(read_file(run_folder("e", id) / "log.txt").find("failed: " + reason(id)), std::string::npos);
    }
}

TEST_F(Sweep, ARunThatFailsIsTriedAgainAsOftenAsAsked) {
    const std::string file = experiment("[[run]]\nmodel = \"fails_at_first\"\n");
    const std::map<std::string, std::string> marker{{"FAILS_AT_FIRST", (folder_ / "marker").native()}};
    const ProcessResult once = labhost({file, "--plugins", bad_plugins()}, marker);
    EXPECT_EQ(once.exit_code, 1);
    EXPECT_EQ(reason("fails_at_first-s1"),
              "plugin 'fails_at_first' called exit(9) in epoch 1, after training batch 1 of 2");
    fs::remove(folder_ / "marker");
    const ProcessResult twice = labhost({file, "--plugins", bad_plugins(), "--retries", "1"}, marker);
    EXPECT_EQ(twice.exit_code, 0) << twice.err;
    EXPECT_NE(twice.err.find("it is tried again (1 of 1)"), std::string::npos) << twice.err;
}

TEST_F(Sweep, FailFastLeavesTheOthersToGoOnWith) {
    const std::string file = experiment(
        "[[run]]\nmodel = \"throws_in_forward\"\n[[run]]\nmodel = \"net\"\n"
        "trainer = { epochs = 1000 }\n");
    const ProcessResult result = labhost({file, "--plugins", bad_plugins(), "--jobs", "2", "--fail-fast"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.err.find("--fail-fast"), std::string::npos) << result.err;
    EXPECT_TRUE(fs::exists(run_folder("e", "net-s1") / "checkpoint.pt"));
    EXPECT_FALSE(fs::exists(run_folder("e", "net-s1") / "result.json"));
}

TEST_F(Sweep, WorkersThatAllDieAtOnceAreTakenForABrokenMachine) {
    if (LABHOST_SANITIZED) GTEST_SKIP() << "a sanitizer ends a process in its own way";
    const std::string file = experiment("[[run]]\nmodel = \"dies_at_once\"\n");
    const ProcessResult result =
        labhost({file, "--plugins", bad_plugins(), "--jobs", "2", "--seeds", "1,2,3,4,5,6,7,8"});
    expect_refusal(result, 1, " workers died one after another before their first batch");
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "runs"))
        EXPECT_NE(entry.path().filename(), "result.json") << "recorded as failed: " << entry.path();
    // Beside runs that do compute, it is the plugin.
    const ProcessResult mixed =
        labhost({experiment("[[run]]\nmodel = \"net\"\ntrainer = { epochs = 30 }\n[[run]]\nmodel = \"dies_at_once\"\n"),
                 "--plugins", bad_plugins(), "--jobs", "2", "--runs", "mixed", "--seeds", "1,2,3,4", "--only", "net-s1",
                 "--only", "dies*"});
    EXPECT_EQ(mixed.exit_code, 1) << mixed.err;
    EXPECT_NE(
        mixed.out.find("dies_at_once-s4 failed: plugin 'dies_at_once' was killed by SIGBUS before its first batch"),
        std::string::npos)
        << mixed.out << mixed.err;
}

TEST_F(Sweep, InterruptedAndGoneOnWithItEndsWithTheSameBits) {
    const std::string file = experiment(six);
    const std::vector<std::string> command{file,     "--set", "trainer.epochs=3", "--set", "data.train_limit=640",
                                           "--jobs", "2"};
    auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), command.begin(), command.end());
        return more;
    };
    ASSERT_EQ(labhost(with({"--runs", "undisturbed"})).exit_code, 0);
    bool resumed = false;
    int exit_code = 130;
    for (int attempt = 0; exit_code == 130 && attempt < 40; ++attempt) {
        auto arguments = with({});
        // More and more: a busy machine gets on, too.
        const std::string seconds = fmt::format("{:.1f}", 1.7 + 0.2 * attempt);
        arguments.insert(arguments.begin(),
                         {"timeout", "--foreground", "--preserve-status", "-s", "INT", seconds, LABHOST_PROGRAM});
        const ProcessResult result = run_process(arguments, {.folder = folder_.path()});
        exit_code = result.exit_code;
        resumed |= result.err.find("goes on from epoch") != std::string::npos;
    }
    EXPECT_EQ(exit_code, 0);
    EXPECT_TRUE(resumed);
    EXPECT_TRUE(all_numbers("runs") == all_numbers("undisturbed"));
}

/// A fingerprint is trained once, whatever names ask for it: two in one file, or one that was renamed since.
TEST_F(Sweep, WhatIsTheSameButForItsNameIsTrainedOnce) {
    const std::string two =
        "[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net\"\nname = \"again\"\n"
        "trainer = { timeout = \"1h\" }\n";
    const std::string file = experiment(two);
    const ProcessResult first = labhost({file, "--jobs", "2"});
    ASSERT_EQ(first.exit_code, 0) << first.err;
    EXPECT_NE(first.err.find("again-s1  is the same as net-s1-"), std::string::npos) << first.err;
    EXPECT_EQ(first.err.find("again-s1  epoch"), std::string::npos) << first.err;
    EXPECT_EQ(numbers(run_folder("e", "again-s1")), numbers(run_folder("e", "net-s1")));
    const auto record = nlohmann::json::parse(read_file(run_folder("e", "again-s1") / "run.json"));
    EXPECT_EQ(record.at("id"), "again-s1");
    EXPECT_EQ(record.at("same_as"), run_folder("e", "net-s1").filename().native());

    experiment("[[run]]\nmodel = \"net\"\nname = \"renamed\"\n");
    EXPECT_NE(labhost({"plan", file}).out.find("which is finished; taken from there"), std::string::npos);
    const ProcessResult second = labhost({file});
    EXPECT_EQ(second.exit_code, 0) << second.err;
    EXPECT_EQ(second.err.find("epoch"), std::string::npos) << second.err;
    EXPECT_EQ(numbers(run_folder("e", "renamed-s1")), numbers(run_folder("e", "net-s1")));

    // --force trains, once.
    experiment(two);
    const ProcessResult forced = labhost({file, "--force"});
    EXPECT_NE(forced.err.find("  epoch 1/1"), std::string::npos) << forced.err;
    EXPECT_NE(forced.err.find("is the same as"), std::string::npos) << forced.err;

    // A duplicate whose weights are gone is none.
    std::filesystem::remove_all(run_folder("e", "again-s1"));
    for (const char* id : {"net-s1", "renamed-s1"}) std::filesystem::remove(run_folder("e", id) / "model.pt");
    const ProcessResult trained = labhost({file});
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
    EXPECT_NE(trained.err.find("again-s1  epoch 1/1"), std::string::npos) << trained.err;
}

TEST_F(Sweep, PlanSaysWhatCanBeGoneOnWith) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\ntrainer = { epochs = 1000 }\n");
    stopped_when("ls runs/e/*/checkpoint.pt", "USR1", file);
    EXPECT_TRUE(fs::exists(run_folder("e", "net-s1") / "checkpoint.pt"));
    EXPECT_NE(labhost({"plan", file}).out.find("resumable"), std::string::npos);
}

TEST_F(Sweep, ADamagedCheckpointIsSetAsideAndTheRunStartsAgain) {
    const std::string file = experiment("[[run]]\nmodel = \"net2\"\n");
    ASSERT_EQ(labhost({file}).exit_code, 0);
    const fs::path run = run_folder("e", "net2-s1");
    const std::string expected = numbers(run);
    const std::string whole = read_file(run / "checkpoint.pt");
    std::string flipped = whole;
    flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 1);
    for (const std::string& damaged :
         {flipped, whole.substr(0, whole.size() / 3), std::string("no archive"), std::string()}) {
        fs::remove(run / "result.json");
        folder_.write(fs::relative(run / "checkpoint.pt", folder_.path()), damaged);
        const ProcessResult result = labhost({file});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_NE(result.err.find("it is now checkpoint.pt.damaged, and the run starts again"), std::string::npos)
            << result.err;
        EXPECT_EQ(numbers(run), expected);
    }
}

/// The state that a kill leaves between the last checkpoint and the result.
TEST_F(Sweep, ARunThatLacksOnlyItsResultGetsIt) {
    const std::string file = experiment("[[run]]\nmodel = \"net2\"\n");
    ASSERT_EQ(labhost({file}).exit_code, 0);
    const fs::path run = run_folder("e", "net2-s1");
    const json first = json::parse(read_file(run / "result.json"));
    const std::string expected = numbers(run);
    fs::remove(run / "result.json");
    fs::remove(run / "model.pt");
    ASSERT_EQ(labhost({file}).exit_code, 0);
    const json second = json::parse(read_file(run / "result.json"));
    EXPECT_EQ(second.at("final"), first.at("final"));
    // But for what came after its last checkpoint, the first session's time is in the second's.
    EXPECT_GE(second.at("timings").at("seconds").get<double>(), 0.8 * first.at("timings").at("seconds").get<double>());
    EXPECT_EQ(numbers(run), expected);
    EXPECT_NE(labhost({"plan", file}).out.find("1 finished"), std::string::npos);
}

TEST_F(Sweep, ARunThatFailsInALaterSessionKeepsWhatItHadReached) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\ntrainer = { epochs = 100000 }\n");
    EXPECT_EQ(labhost({file, "--timeout", "4s"}).exit_code, 1);
    const fs::path result = run_folder("e", "net-s1") / "result.json";
    const json first = json::parse(read_file(result));
    EXPECT_EQ(labhost({file, "--timeout", "0.3s"}).exit_code, 1);
    const json second = json::parse(read_file(result));
    ASSERT_TRUE(first.at("final").is_object()) << first;
    ASSERT_TRUE(second.at("final").is_object()) << second;
    EXPECT_GE(second.at("final").at("epoch"), first.at("final").at("epoch"));
    EXPECT_GT(second.at("timings").at("seconds"), 2.0);
}

TEST_F(Sweep, ALostOrDamagedRecordIsWrittenAnewAndTheRunGoesOn) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\ntrainer = { epochs = 1000 }\n");
    stopped_when("ls runs/e/*/checkpoint.pt", "USR1", file);
    const fs::path run = run_folder("e", "net-s1");
    ASSERT_TRUE(fs::exists(run / "checkpoint.pt"));
    const json record = json::parse(read_file(run / "run.json"));
    for (const char* damaged : {"{", ""}) {
        fs::remove(run / "run.json");
        if (*damaged != '\0') folder_.write(fs::relative(run / "run.json", folder_.path()), damaged);
        const ProcessResult result = stopped_when("grep 'goes on from epoch' said.err", "USR1", file);
        EXPECT_NE(result.err.find("goes on from epoch"), std::string::npos) << result.err;
        EXPECT_EQ(json::parse(read_file(run / "run.json")).at("fingerprint_of"), record.at("fingerprint_of"));
    }
    fs::remove(run / "run.json");
    EXPECT_NE(labhost({"results", "runs"}).err.find("its run.json is missing"), std::string::npos);
}

/// As many deaths as a broken machine's, all of one plugin, and longer than all others, so that it comes first.
TEST_F(Sweep, APluginWhoseWorkersAllDieAtOnceKeepsNoOtherFromRunning) {
    if (LABHOST_SANITIZED) GTEST_SKIP() << "a sanitizer ends a process in its own way";
    const std::string file =
        experiment("[[run]]\nmodel = \"dies_at_once\"\ntrainer = { epochs = 50 }\n[[run]]\nmodel = \"net\"\n");
    const ProcessResult result = labhost({file, "--plugins", bad_plugins(), "--jobs", "1", "--seeds", "1,2,3,4"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(all_numbers("runs").size(), 4U) << result.err;
    for (const char* id : {"dies_at_once-s1", "dies_at_once-s4"})
        EXPECT_EQ(reason(id), "plugin 'dies_at_once' was killed by SIGBUS before its first batch");
}

TEST_F(Sweep, TwoHostsOnOneFolderTrainNothingTwice) {
    const std::string file = experiment(six);
    const std::string command = std::string(LABHOST_PROGRAM) + " " + file + " --jobs 1 --set trainer.epochs=2";
    ASSERT_EQ(labhost({file, "--jobs", "1", "--set", "trainer.epochs=2", "--runs", "alone"}).exit_code, 0);
    const ProcessResult result = run_process(
        {"sh", "-c", command + " 2>a.err >a.out & " + command + " 2>b.err >b.out; b=$?; wait $!; exit $((b + $?))"},
        {.folder = folder_.path()});
    EXPECT_EQ(result.exit_code, 0) << read_file(folder_ / "a.err") << read_file(folder_ / "b.err");
    EXPECT_TRUE(all_numbers("runs") == all_numbers("alone"));
    const std::string said = read_file(folder_ / "a.err") + read_file(folder_ / "b.err");
    for (const char* id : {"net-s1", "net1-s1", "net2-s1", "net3-s1", "net4-s1", "net5-s1"}) {
        const std::string words = std::string(" ") + id + "  epoch 1/2";
        const std::size_t first = said.find(words);
        EXPECT_NE(first, std::string::npos) << id << " in " << said;
        EXPECT_EQ(said.find(words, first + 1), std::string::npos) << id << " was trained twice: " << said;
    }
}

TEST_F(Sweep, AChangedPluginRunsAgainAndATouchedOneDoesNot) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net4\"\n");
    fs::create_directory(folder_ / "plugins");
    for (const char* name : {"net.so", "net4.so"})
        fs::copy_file(fs::path(LABHOST_BUILD) / "plugins" / name, folder_ / "plugins" / name);
    ASSERT_EQ(labhost({file, "--plugins", "plugins"}).exit_code, 0);
    const auto statuses = [&] {
        const json plan = json::parse(labhost({"plan", file, "--plugins", "plugins", "--json"}).out);
        return plan.at("runs").at(0).at("status").get<std::string>() + " " +
               plan.at("runs").at(1).at("status").get<std::string>();
    };
    fs::last_write_time(folder_ / "plugins/net4.so", fs::file_time_type::clock::now());
    EXPECT_EQ(statuses(), "finished finished");
    run_process({"objcopy", "--add-section", ".note.changed=" + file, (folder_ / "plugins/net4.so").native()});
    EXPECT_EQ(statuses(), "finished new");
}

}  // namespace
}  // namespace labhost
