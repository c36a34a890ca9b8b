// The run folder: its files, their exact text, and what counts as finished.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <limits>

#include <unistd.h>

#include "helpers/temporary_folder.hpp"
#include "record/experiment_record.hpp"
#include "record/run_folder.hpp"
#include "record/run_lock.hpp"
#include "record/run_record.hpp"
#include "support/child.hpp"
#include "support/error.hpp"

namespace labhost::record_test {
namespace {

const EpochMetrics epoch_2{
    .epoch = 2,
    .train = {.loss = 0.0871, .accuracy = 100.0 * 58399 / 60000, .correct = 58399, .count = 60000},
    .test = {.loss = 0.1 + 0.2, .accuracy = 98.11, .correct = 9811, .count = 10000},
    .seconds = 1.5};

TEST(Log, HoldsTheNotebooksLinesToTheCharacter) {
    EXPECT_EQ(log_lines(epoch_2),
              "Train Epoch 2\n Train set: Average loss: 0.0871, Accuracy: 58399/60000 (97.3317%)\n\n"
              "\nTest set: Average loss: 0.3000, Accuracy: 9811/10000 (98.1100%)\n\n");
}

TEST(Log, SaysNanAsPythonDoes) {
    EpochMetrics metrics = epoch_2;
    metrics.train.loss = -std::numeric_limits<double>::quiet_NaN();
    EXPECT_NE(log_lines(metrics).find("Average loss: nan, "), std::string::npos);
}

TEST(Metrics, ReadBackToTheSameBits) {
    EpochMetrics metrics = epoch_2;
    for (const double value : {0.1 + 0.2, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, 2.3026}) {
        metrics.train.loss = value;
        EXPECT_EQ(metrics_from_json(Json::parse(to_json(metrics).dump())).train.loss, value);
    }
    metrics.train.loss = std::numeric_limits<double>::infinity();
    EXPECT_TRUE(Json::parse(to_json(metrics).dump()).at("train.loss").is_null());
    EXPECT_TRUE(std::isnan(metrics_from_json(Json::parse(to_json(metrics).dump())).train.loss));
}

TEST(Metrics, HaveTheContractsKeysInOrder) {
    std::vector<std::string> keys;
    const Json json = to_json(epoch_2);
    for (const auto& [key, value] : json.items()) keys.push_back(key);
    EXPECT_EQ(keys, (std::vector<std::string>{"epoch", "train.loss", "train.accuracy", "train.correct", "test.loss",
                                              "test.accuracy", "test.correct", "seconds"}));
}

TEST(Metrics, AreRefusedWhereACountIsNoInteger) {
    for (const char* key : {"epoch", "train.correct", "test.correct"})
        for (const Json& value : {Json(1e300), Json(1.0), Json("1"), Json(nullptr)}) {
            Json json = to_json(epoch_2);
            json[key] = value;
            EXPECT_THROW(metrics_from_json(json), nlohmann::json::exception) << key << " = " << value;
        }
}

TEST(RunFolderTest, IsFinishedOnlyWithItsResult) {
    const testing::TemporaryFolder folder;
    RunFolder record(folder / "r");
    record.begin(Json{{"id", "net-s1"}});
    record.append(epoch_2);
    record.finish("weights", {});
    EXPECT_FALSE(read_result(folder / "r"));
    record.close({.finished = true, .final = epoch_2, .seconds = 3.0}, "");
    const auto result = read_result(folder / "r");
    ASSERT_TRUE(result && result->final);
    EXPECT_TRUE(result->finished);
    EXPECT_EQ(result->final->test.loss, 0.1 + 0.2);
    EXPECT_EQ(result->final->epoch, 2);
}

/// Of a run that is under way, or was killed in the middle of a line.
TEST(EpochsTest, AreReadAsFarAsTheyAreWhole) {
    const testing::TemporaryFolder folder;
    const std::string line = to_json(epoch_2).dump();
    folder.write("r/metrics.jsonl", line + "\n" + line.substr(0, 20));
    const auto epochs = read_epochs(folder / "r");
    ASSERT_EQ(epochs.size(), 1U);
    EXPECT_EQ(epochs[0].test.loss, 0.1 + 0.2);
    EXPECT_TRUE(read_epochs(folder / "no-such").empty());
}

TEST(ExperimentRecordTest, GivesBackWhatWasWritten) {
    const testing::TemporaryFolder folder;
    ExperimentRecord written{.name = "e",
                             .title = "t \"<\n",
                             .file = "/x/e.toml",
                             .source = "[experiment]\n",
                             .command = "labhost e.toml",
                             .revision = "0815",
                             .claims = {},
                             .folder = folder / "runs" / "e"};
    Claim about;
    about.says.assign("a is about 3");
    about.test = ClaimTest::about;
    about.metric = *parse_metric("train.loss@3");
    about.of.assign("a");
    about.value = 3.0;
    about.margin = 0.1 + 0.2;
    about.alpha = 0.01;
    Claim alike = about;
    alike.test = ClaimTest::equivalent;
    alike.than.assign("b");
    written.claims = {about, alike};
    write_experiment(written);
    const auto read = read_experiment_record(written.folder);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->title, written.title);
    EXPECT_EQ(read->source, written.source);
    EXPECT_EQ(read->folder, written.folder);
    ASSERT_EQ(read->claims.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(to_json(read->claims[i]), to_json(written.claims[i]));
    std::string other = read_file(written.folder / "experiment.json");
    other.replace(other.find("equivalent"), 10, "equivalents");
    folder.write("runs/e/experiment.json", other);
    EXPECT_FALSE(read_experiment_record(written.folder)) << "never another claim than the one that was written";
    folder.write("runs/e/experiment.json", "{\"name\": 3}");
    EXPECT_FALSE(read_experiment_record(written.folder));
    EXPECT_FALSE(read_experiment_record(folder / "no-such"));
}

/// Read by people's scripts: to the byte.
TEST(RunFolderTest, AFinishedRunsFilesAreTheContracts) {
    const testing::TemporaryFolder folder;
    RunFolder run(folder.path());
    run.begin({{"id", "net-s1"}});
    run.append(epoch_2);
    run.write_checkpoint("state");
    run.write_profile({.table = "seconds", .trace = "[]"});
    run.finish("weights", {{"classes", 10}});
    run.close({.finished = true, .final = epoch_2, .seconds = 3.5, .fingerprint = "0123"}, "");
    const auto read = [&](const char* name) { return read_file(folder / name); };
    EXPECT_EQ(read("run.json"), "{\n  \"id\": \"net-s1\"\n}\n");
    EXPECT_EQ(read("metrics.jsonl"), to_json(epoch_2).dump() + "\n");
    EXPECT_EQ(read("log.txt"), log_lines(epoch_2));
    EXPECT_EQ(read("checkpoint.pt"), "state");
    EXPECT_EQ(read("profile.txt"), "seconds");
    EXPECT_EQ(read("trace.json"), "[]");
    EXPECT_EQ(read("model.pt"), "weights");
    EXPECT_EQ(read("predictions.json"), "{\"classes\":10}\n");
    EXPECT_EQ(read("result.json"), to_text({{"status", "finished"},
                                            {"final", to_json(epoch_2)},
                                            {"timings", {{"seconds", 3.5}}},
                                            {"fingerprint", "0123"}}));
    run.record({{"id", "net-s2"}});
    EXPECT_EQ(read("run.json"), "{\n  \"id\": \"net-s2\"\n}\n");
    EXPECT_EQ(read("model.pt"), "weights") << "nothing else is replaced";
}

TEST(RunFolderTest, AFailedRunsResultAndLogSayWhy) {
    const testing::TemporaryFolder folder;
    folder.write("log.txt", "Train Epoch 1\n");
    folder.write("result.json.tmp7", "a killed process's");
    RunFolder(folder.path())
        .close({.finished = false, .reason = "it diverged", .seconds = 3.5, .fingerprint = "0123"}, "its last words");
    EXPECT_EQ(read_file(folder / "result.json"), to_text({{"status", "failed"},
                                                          {"reason", "it diverged"},
                                                          {"final", nullptr},
                                                          {"timings", {{"seconds", 3.5}}},
                                                          {"fingerprint", "0123"}}));
    EXPECT_EQ(read_file(folder / "log.txt"), "Train Epoch 1\nfailed: it diverged\nits last output:\nits last words\n");
    EXPECT_FALSE(file_exists(folder / "result.json.tmp7"));
    RunFolder(folder.path()).close({.finished = false, .reason = "again"}, "");
    EXPECT_TRUE(read_file(folder / "log.txt").ends_with("its last words\nfailed: again\n")) << "and no output";
}

/// One that never came to its worker.
TEST(RunFolderTest, AFailureBeforeItsBeginningIsARunToo) {
    const testing::TemporaryFolder folder;
    record_failure(folder / "r", {{"fingerprint", "0123"}}, "no GPU");
    EXPECT_EQ(read_file(folder / "r/run.json"), to_text({{"fingerprint", "0123"}}));
    EXPECT_EQ(read_file(folder / "r/result.json"), to_text({{"status", "failed"},
                                                            {"reason", "no GPU"},
                                                            {"final", nullptr},
                                                            {"timings", {{"seconds", 0.0}}},
                                                            {"fingerprint", "0123"}}));
    folder.write("r/run.json", "its own");
    folder.write("r/checkpoint.pt", "state");
    record_failure(folder / "r", {{"fingerprint", "0123"}}, "no GPU");
    EXPECT_EQ(read_file(folder / "r/run.json"), "its own");
    EXPECT_EQ(read_file(folder / "r/checkpoint.pt"), "state");
}

TEST(RunFolderTest, AdoptsWhatADuplicateLeftAllOrNothing) {
    const testing::TemporaryFolder folder;
    for (const char* name : {"metrics.jsonl", "log.txt", "model.pt", "predictions.json", "result.json", "trace.json"})
        folder.write(std::string("twin/") + name, std::string("its ") + name);
    folder.write("r/checkpoint.pt", "state");
    EXPECT_TRUE(RunFolder(folder / "r").adopt(folder / "twin", {{"id", "net-s1"}}));
    for (const std::string name : {"metrics.jsonl", "log.txt", "model.pt", "predictions.json"})
        EXPECT_EQ(read_file(folder / "r" / name), "its " + name);
    EXPECT_EQ(read_file(folder / "r/run.json"), to_text({{"id", "net-s1"}}));
    for (const char* name : {"checkpoint.pt", "result.json", "trace.json"})
        EXPECT_FALSE(file_exists(folder / "r" / name)) << name;

    for (const char* name : {"predictions.json", "model.pt", "log.txt", "metrics.jsonl"}) {
        std::filesystem::remove(folder / "twin" / name);
        folder.write("r/checkpoint.pt", "state");
        EXPECT_FALSE(RunFolder(folder / "r").adopt(folder / "twin", {{"id", "net-s2"}})) << name;
        EXPECT_TRUE(file_exists(folder / "r/checkpoint.pt"));
        EXPECT_EQ(read_file(folder / "r/run.json"), to_text({{"id", "net-s1"}}));
        folder.write(std::string("twin/") + name, "again");
    }
}

TEST(RunFolderTest, ThatCannotBePreparedIsAnErrorOfStorage) {
    const testing::TemporaryFolder folder;
    const std::string file = folder.write("file", "").native();
    const auto error_of = [](const std::function<void()>& action) -> std::string {
        try {
            action();
        } catch (const StorageError& e) {
            return e.what();
        }
        return "no error";
    };
    EXPECT_EQ(error_of([&] { RunFolder(file + "/r").begin({}); }),
              file + "/r: error: cannot prepare this folder: Not a directory");
    folder.write("r/model.pt/x", "a folder that is not empty");
    EXPECT_EQ(error_of([&] { RunFolder(folder / "r").begin({}); }),
              (folder / "r").native() + ": error: cannot prepare this folder: Directory not empty");
    EXPECT_EQ(error_of([&] { RunFolder(folder / "r").set_checkpoint_aside(RunFolder::Unusable::damaged); }),
              (folder / "r/checkpoint.pt").native() + ": error: cannot rename it: No such file or directory");
}

TEST(RunFolderTest, AFailureKeepsItsReasonAndIsNotFinished) {
    const testing::TemporaryFolder folder;
    RunFolder(folder / "r").close({.finished = false, .reason = "not \xff UTF-8"}, "its last words");
    EXPECT_NE(read_file(folder / "r" / "log.txt").find("its last words"), std::string::npos);
    const auto result = read_result(folder / "r");
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->finished);
    EXPECT_NE(result->reason.find("not "), std::string::npos);
}

TEST(RunFolderTest, BeginningAgainRemovesWhatWasThere) {
    const testing::TemporaryFolder folder;
    for (const char* name : {"result.json", "model.pt", "predictions.json", "checkpoint.pt", "metrics.jsonl", "log.txt",
                             "run.json", "profile.txt", "trace.json", "notes.txt"})
        folder.write(std::string("r/") + name, "old");
    folder.write("r/checkpoint.pt.tmp123", "a killed process's");
    RunFolder(folder / "r").begin({});
    for (const char* name : {"result.json", "model.pt", "predictions.json", "checkpoint.pt", "checkpoint.pt.tmp123",
                             "profile.txt", "trace.json"})
        EXPECT_FALSE(std::filesystem::exists(folder / "r" / name)) << name;
    EXPECT_EQ(std::filesystem::file_size(folder / "r" / "metrics.jsonl"), 0U);
    EXPECT_EQ(std::filesystem::file_size(folder / "r" / "log.txt"), 0U);
    EXPECT_EQ(read_file(folder / "r" / "run.json"), "null\n");
    EXPECT_EQ(read_file(folder / "r" / "notes.txt"), "old") << "what is not ours stays";
}

TEST(RunFolderTest, ACheckpointIsSetAsideUnderTheReason) {
    const testing::TemporaryFolder folder;
    RunFolder run(folder / "r");
    for (const auto& [why, name] : {std::pair(RunFolder::Unusable::damaged, "checkpoint.pt.damaged"),
                                    std::pair(RunFolder::Unusable::other_gpu, "checkpoint.pt.other-gpu")}) {
        folder.write(std::string("r/") + name, "an earlier one");
        folder.write("r/checkpoint.pt", name);
        EXPECT_EQ(run.set_checkpoint_aside(why), folder / "r" / name);
        EXPECT_FALSE(std::filesystem::exists(folder / "r/checkpoint.pt"));
        EXPECT_EQ(read_file(folder / "r" / name), name);
    }
}

TEST(RunFolderTest, GoingOnWritesMetricsAndLogAnewAsTheyWere) {
    const testing::TemporaryFolder folder;
    RunFolder(folder / "r").begin({});
    folder.write("r/metrics.jsonl", "a torn li");
    folder.write("r/checkpoint.pt", "state");
    for (const char* name : {"result.json", "model.pt", "predictions.json"})
        folder.write(std::string("r/") + name, "of an end that was not the last");
    RunFolder(folder / "r").resume({epoch_2});
    for (const char* name : {"result.json", "model.pt", "predictions.json"})
        EXPECT_FALSE(std::filesystem::exists(folder / "r" / name)) << name;
    EXPECT_EQ(read_file(folder / "r/metrics.jsonl"), to_json(epoch_2).dump() + "\n");
    EXPECT_EQ(read_file(folder / "r/log.txt"), log_lines(epoch_2));
    EXPECT_EQ(read_file(folder / "r/checkpoint.pt"), "state");
}

TEST(RunFolderTest, ADamagedResultIsNone) {
    const testing::TemporaryFolder folder;
    for (const char* text : {"", "{", "[]", "{\"status\": \"finished\"}",
                             "{\"status\": \"finished\", \"final\": null, \"timings\": {\"seconds\": 1}}"}) {
        folder.write("result.json", text);
        EXPECT_FALSE(read_result(folder.path())) << text;
    }
}

TEST(RunLocks, AWorkerLeavesOneRunAndKeepsTheOther) {
    const testing::TemporaryFolder folder;
    const std::filesystem::path left = folder / "left";
    const std::filesystem::path kept = folder / "kept";
    bool asked = false;
    run_in_child(
        [&](const Outbox& outbox) {
            RunLocks locks(folder.path());
            locks.enter(left);
            locks.enter(kept);
            outbox.send("entered");
            locks.leave(left);
            outbox.send("left");
            ::pause();  // to be killed
        },
        {.limit = std::chrono::seconds(2), .on_message = [&](std::string_view message) {
             EXPECT_TRUE(is_claimed(kept));
             if (message == "left") {
                 EXPECT_FALSE(is_claimed(left));
                 asked = true;
             }
         }});
    EXPECT_TRUE(asked);
}

}  // namespace
}  // namespace labhost::record_test
