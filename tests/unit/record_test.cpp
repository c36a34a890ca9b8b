// The run folder: its files, their exact text, and what counts as finished.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

#include <unistd.h>

#include "helpers/temporary_folder.hpp"
#include "record/experiment_record.hpp"
#include "record/run_folder.hpp"
#include "record/run_lock.hpp"
#include "record/run_record.hpp"
#include "support/child.hpp"

namespace labhost {
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
    for (const char* name : {"result.json", "model.pt", "predictions.json", "checkpoint.pt", "metrics.jsonl"})
        folder.write(std::string("r/") + name, "old");
    folder.write("r/checkpoint.pt.tmp123", "a killed process's");
    RunFolder(folder / "r").begin({});
    for (const char* name : {"result.json", "model.pt", "predictions.json", "checkpoint.pt", "checkpoint.pt.tmp123"})
        EXPECT_FALSE(std::filesystem::exists(folder / "r" / name)) << name;
    EXPECT_EQ(std::filesystem::file_size(folder / "r" / "metrics.jsonl"), 0U);
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
    RunFolder(folder / "r").resume({epoch_2});
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
}  // namespace labhost
