// A run's folder: where it lies, what its files are called, and how the run in it stands.
#include <gtest/gtest.h>

#include <ostream>
#include <set>

#include <sys/stat.h>

#include "helpers/temporary_folder.hpp"
#include "record/json.hpp"
#include "record/run_layout.hpp"
#include "record/run_record.hpp"
#include "record/run_state.hpp"
#include "support/files.hpp"

namespace labhost::run_layout_test {
namespace {

const std::string fingerprint = "0123456789abcdef";

/// Names in folders that people keep: never to be changed.
TEST(RunLayout, NamesAreThoseOfEarlierFolders) {
    EXPECT_EQ(run_folder("runs", "mnist", "net-lr0.1-s1", fingerprint), "runs/mnist/net-lr0.1-s1-01234567");
    const std::set<std::string> names{run_file::record,
                                      run_file::result,
                                      run_file::checkpoint,
                                      run_file::damaged_checkpoint,
                                      run_file::other_gpu_checkpoint,
                                      run_file::metrics,
                                      run_file::log,
                                      run_file::model,
                                      run_file::predictions,
                                      run_file::profile,
                                      run_file::trace,
                                      run_file::claim,
                                      experiment_record_file};
    EXPECT_EQ(names, (std::set<std::string>{"run.json", "result.json", "checkpoint.pt", "checkpoint.pt.damaged",
                                            "checkpoint.pt.other-gpu", "metrics.jsonl", "log.txt", "model.pt",
                                            "predictions.json", "profile.txt", "trace.json", "claim.json",
                                            "experiment.json"}));
}

TEST(RunLayout, AFoldersNameTellsTheFingerprintsBeginning) {
    EXPECT_EQ(short_fingerprint_in(run_folder_name("a-b-s1", fingerprint)), short_fingerprint(fingerprint));
    EXPECT_EQ(short_fingerprint_in("nodash"), "");
    EXPECT_EQ(short_fingerprint("abc"), "abc") << "of a record that somebody wrote by hand";
}

TEST(RunLayout, WhatMayGoOnceARunIsFinishedIsKnownByName) {
    for (const char* name : {"checkpoint.pt", "checkpoint.pt.damaged", "checkpoint.pt.other-gpu"})
        EXPECT_TRUE(is_checkpoint(name)) << name;
    for (const char* name : {"model.pt", "checkpoint.pt.mine", "checkpoint", ""})
        EXPECT_FALSE(is_checkpoint(name)) << name;
    EXPECT_TRUE(is_leftover("model.pt.tmp123"));
    for (const char* name : {"model.pt", ".tmp123", "model.pt.tmp", "model.pt.tmp12a", "notes.tmp1.txt"})
        EXPECT_FALSE(is_leftover(name)) << name;
}

/// A result.json as labhost writes it.
std::string result_json(bool finished, const std::string& of) {
    Json json{{"status", finished ? "finished" : "failed"},
              {"reason", "it diverged"},
              {"final", finished ? to_json(EpochMetrics{.epoch = 3, .train = {}, .test = {}}) : Json(nullptr)},
              {"timings", {{"seconds", 2.5}}},
              {"fingerprint", of}};
    return json.dump();
}

enum class ResultFile { none, finished, failed, finished_other, failed_other, damaged };

struct Case {
    ResultFile result;
    bool checkpoint;
    RunState state;
};

void PrintTo(const Case& a, std::ostream* out) {
    *out << "result " << static_cast<int>(a.result) << (a.checkpoint ? ", checkpoint" : "") << ": " << to_text(a.state);
}

class StateOf : public ::testing::TestWithParam<Case> {};

TEST_P(StateOf, GoesByTheResultOfThisFingerprintThenByTheCheckpoint) {
    const auto& [result, checkpoint, state] = GetParam();
    const testing::TemporaryFolder folder;
    folder.write("r/run.json", "{}");
    if (checkpoint) folder.write("r/checkpoint.pt", "state");
    const std::string other = fingerprint.substr(0, 8) + "another";
    switch (result) {
        case ResultFile::none: break;
        case ResultFile::finished: folder.write("r/result.json", result_json(true, fingerprint)); break;
        case ResultFile::failed: folder.write("r/result.json", result_json(false, fingerprint)); break;
        case ResultFile::finished_other: folder.write("r/result.json", result_json(true, other)); break;
        case ResultFile::failed_other: folder.write("r/result.json", result_json(false, other)); break;
        case ResultFile::damaged: folder.write("r/result.json", "{\"status\": \"finished\""); break;
    }
    const FoundState found = state_of(folder / "r", fingerprint);
    EXPECT_EQ(to_text(found.state), to_text(state));
    EXPECT_EQ(found.result.has_value(), is_over(state)) << "another run's result is not handed out";
    EXPECT_EQ(found.damaged_result, result == ResultFile::damaged);
    if (state == RunState::failed) {
        EXPECT_EQ(found.result.value().reason, "it diverged");
    }
    if (state == RunState::finished) {
        EXPECT_EQ(found.result.value().final.value().epoch, 3);
    }
}

INSTANTIATE_TEST_SUITE_P(Everything, StateOf,
                         ::testing::Values(Case{ResultFile::none, false, RunState::unfinished},
                                           Case{ResultFile::none, true, RunState::resumable},
                                           Case{ResultFile::finished, false, RunState::finished},
                                           Case{ResultFile::finished, true, RunState::finished},
                                           Case{ResultFile::failed, false, RunState::failed},
                                           Case{ResultFile::failed, true, RunState::failed},
                                           Case{ResultFile::finished_other, false, RunState::unfinished},
                                           Case{ResultFile::finished_other, true, RunState::resumable},
                                           Case{ResultFile::failed_other, false, RunState::unfinished},
                                           Case{ResultFile::failed_other, true, RunState::resumable},
                                           Case{ResultFile::damaged, false, RunState::unfinished},
                                           Case{ResultFile::damaged, true, RunState::resumable}));

TEST(RunStateTest, OfNoFolderIsNewAndOfAnEmptyOneUnfinished) {
    const testing::TemporaryFolder folder;
    EXPECT_EQ(state_of(folder / "r", fingerprint).state, RunState::fresh);
    std::filesystem::create_directory(folder / "r");
    EXPECT_EQ(state_of(folder / "r", fingerprint).state, RunState::unfinished);
}

/// Opening it would wait for somebody who writes.
TEST(RunStateTest, APipeIsADamagedResult) {
    const testing::TemporaryFolder folder;
    ASSERT_EQ(::mkfifo((folder / "result.json").c_str(), 0600), 0);
    const FoundState found = state_of(folder.path(), fingerprint);
    EXPECT_EQ(found.state, RunState::unfinished);
    EXPECT_TRUE(found.damaged_result);
}

TEST(RunStateTest, WordsAreThoseOfTablesAndJson) {
    EXPECT_EQ(to_text(RunState::fresh), "new");
    EXPECT_EQ(to_text(RunState::unfinished), "unfinished");
    EXPECT_EQ(to_text(RunState::resumable), "resumable");
    EXPECT_EQ(to_text(RunState::failed), "failed");
    EXPECT_EQ(to_text(RunState::finished), "finished");
    EXPECT_EQ(status_text({.status = RunState::resumable}), "resumable");
    EXPECT_EQ(status_text({.status = RunState::resumable, .queue_state = "pending"}), "pending");
}

TEST(RunRecords, OneIsFoundInItsFolderByItsFingerprint) {
    const testing::TemporaryFolder folder;
    EXPECT_FALSE(find_record(folder / "r", fingerprint));
    folder.write("r/run.json", to_text({{"experiment", "e"},
                                        {"id", "net-s1"},
                                        {"model", "net"},
                                        {"params", Json::object()},
                                        {"trainer", Json::object()},
                                        {"data", Json::object()},
                                        {"seed", 1},
                                        {"fingerprint", fingerprint}}));
    ASSERT_TRUE(find_record(folder / "r", fingerprint));
    EXPECT_EQ(find_record(folder / "r", fingerprint)->id, "net-s1");
    EXPECT_FALSE(find_record(folder / "r", "another"));
    folder.write("r/result.json", "{");
    EXPECT_FALSE(find_record(folder / "r", fingerprint)) << "it cannot be read";
}

}  // namespace
}  // namespace labhost::run_layout_test
