// Results: runs read from their folders, chosen, sorted, and in every format.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "analysis/query.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"
#include "record/run_folder.hpp"
#include "record/run_record.hpp"
#include "report/formats.hpp"
#include "report/table.hpp"

namespace labhost::results_test {
namespace {

using testing::expect_error;

RunRecord record(const std::string& id, double p, double accuracy) {
    return {.experiment = "e",
            .id = id,
            .model = "net2",
            .params = {{"p", p}},
            .trainer = {{"epochs", 1}, {"optimizer", {{"lr", 0.1}}}},
            .data = {{"dataset", "mnist"}},
            .seed = 1,
            .fingerprint = id + "0123456789",
            .folder = "runs/e/" + id,
            .status = RunState::finished,
            .final = EpochMetrics{.epoch = 1, .train = {}, .test = {.loss = 0.1, .accuracy = accuracy, .correct = 3}},
            .seconds = 1.5};
}

std::vector<RunRecord> three() {
    auto runs = std::vector{record("a", 0.25, 97), record("b", 0.5, 99), record("c", 1, 98)};
    runs[2].status = RunState::failed;
    runs[2].reason = "it | broke\n\x1b[31m";
    return runs;
}

std::string ids(const std::vector<RunRecord>& runs) {
    std::string text;
    for (const RunRecord& run : runs) text += run.id;
    return text;
}

std::string where(const std::string& condition) {
    return ids(select_runs(three(), {.where = {WhereCondition(condition)}}));
}

TEST(WhereCondition, ComparesAsWhatTheValueIs) {
    EXPECT_EQ(where("params.p<=0.5"), "ab");
    EXPECT_EQ(where("params.p = 1"), "c");
    EXPECT_EQ(where(" params.p != 1 "), "ab");
    EXPECT_EQ(where("params.p>0.25"), "bc");
    EXPECT_EQ(where("id~[ab]"), "ab");
    EXPECT_EQ(where("id >= b"), "bc");
    EXPECT_EQ(where("status==failed"), "c");
    EXPECT_EQ(where("trainer.optimizer.lr=1e-1"), "abc");
    expect_error(ExitCode::usage, "'zero' is no number",
                 [] { select_runs(three(), {.where = {WhereCondition("params.p<zero")}}); });
    EXPECT_EQ(where("test.accuracy>0"), "ab") << "a failed run has no metrics";
}

TEST(WhereCondition, MistakesAreRefused) {
    expect_error(ExitCode::usage, "did you mean 'params.p'?", [] { where("params.q<1"); });
    for (const char* text : {"", "params.p", "<1", "params.p<", "params.p ! 3"})
        expect_error(ExitCode::usage, "give a key", [&] { where(text); });
    expect_error(ExitCode::usage, "--sort", [] { select_runs(three(), {.sort = "test.acuracy"}); });
}

TEST(Sorting, PutsTheBestAccuracyFirstAndWhatIsMissingLast) {
    EXPECT_EQ(ids(select_runs(three(), {.sort = "test.accuracy"})), "bac");
    EXPECT_EQ(ids(select_runs(three(), {.sort = "test.accuracy", .reverse = true})), "abc");
    EXPECT_EQ(ids(select_runs(three(), {.sort = "params.p", .reverse = true})), "cba");
    EXPECT_EQ(ids(select_runs(three(), {.sort = "test.accuracy", .top = 1})), "b");
    auto runs = three();
    runs[0].final->test.loss = std::nan("");
    EXPECT_EQ(ids(select_runs(runs, {.sort = "test.loss"})), "bac");
}

TEST(Formats, EscapeWhatFilesSay) {
    const std::string markdown = results_markdown(three());
    EXPECT_NE(markdown.find("| run | train loss |"), std::string::npos) << markdown;
    EXPECT_NE(markdown.find("- c failed: it \\| broke \\| \\\\x1b\\[31m"), std::string::npos) << markdown;
    EXPECT_NE(results_table(three()).find("c failed: it | broke | \\x1b[31m (runs/e/c/log.txt)\n"), std::string::npos);
    auto runs = three();
    runs[0].id = "a,\"x\"\n\x1b";
    runs[0].final->test.accuracy = 0.1 + 0.2;
    const std::string csv = results_csv(runs);
    EXPECT_TRUE(csv.starts_with("experiment,id,status,model,seed,params.p,epoch,train.loss,")) << csv;
    EXPECT_NE(csv.find("e,\"a,\"\"x\"\"\n\\x1b\",finished,net2,1,0.25,1,"), std::string::npos) << csv;
    EXPECT_NE(csv.find(",0.30000000000000004,"), std::string::npos) << csv;
}

TEST(Formats, ExperimentsAndWhatTellsRunsApartAreShown) {
    auto runs = three();
    runs[1].id = "a";
    EXPECT_TRUE(results_table(runs).starts_with("run  params.p")) << results_table(runs);
    runs = three();
    EXPECT_EQ(results_json(runs).at("experiment"), "e");
    EXPECT_EQ(results_json(runs).at("runs").at(2).at("reason"), runs[2].reason);
    runs[1].experiment = "f";
    EXPECT_TRUE(results_json(runs).at("experiment").is_null());
    EXPECT_EQ(results_json(runs).at("runs").at(1).at("experiment"), "f");
    EXPECT_TRUE(results_table(runs).starts_with("experiment  run"));
}

Json run_json(const std::string& id) {
    Reference reference;
    reference.test_accuracy = {98.5};
    return {{"experiment", "e"},
            {"id", id},
            {"model", "net"},
            {"params", Json::object()},
            {"trainer", {{"epochs", 1}}},
            {"data", Json::object()},
            {"seed", 7},
            {"fingerprint", "f00"},
            {"reference", to_json(reference)}};
}

TEST(Records, AreReadFromARunsFolderAnExperimentsOrARuns) {
    const testing::TemporaryFolder folder;
    RunFolder(folder / "runs/e/b").begin(run_json("b"));
    RunFolder a(folder / "runs/e/a");
    a.begin(run_json("a"));
    a.close({.finished = true,
             .final = EpochMetrics{.epoch = 1, .train = {}, .test = {}},
             .seconds = 2,
             .fingerprint = "f00"},
            "");
    for (const char* name : {"runs", "runs/e"}) {
        const auto found = find_records(folder / name);
        EXPECT_EQ(ids(found.runs), "ab") << name;
        EXPECT_TRUE(found.warnings.empty());
        EXPECT_EQ(found.runs.at(0).status, RunState::finished);
        EXPECT_EQ(found.runs.at(0).seed, 7U);
        EXPECT_EQ(found.runs.at(0).reference.test_accuracy, std::vector<double>{98.5});
        EXPECT_EQ(found.runs.at(1).status, RunState::unfinished);
    }
    EXPECT_EQ(ids(find_records(folder / "runs/e/a").runs), "a");
    expect_error(ExitCode::usage, "no such folder", [&] { find_records(folder / "no"); });
}

TEST(Records, DamagedOnesAreLeftOutWithAWarning) {
    const testing::TemporaryFolder folder;
    int count = 0;
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("[]"), std::string("{\"id\": 1}"), std::string(200000, '[')}) {
        folder.write("runs/e/" + std::to_string(count++) + "/run.json", text);
    }
    Json json = run_json("x");
    for (const char* key : {"params", "seed", "reference"}) {
        Json other = json;
        other[key] = "text";
        folder.write("runs/e/" + std::to_string(count++) + "/run.json", to_text(other));
    }
    folder.write("runs/e/r/run.json", to_text(json));
    folder.write("runs/e/r/result.json", "{");
    std::filesystem::create_directories(folder / "runs/e/folder/run.json");
    const auto found = find_records(folder / "runs");
    EXPECT_EQ(ids(found.runs), "x") << "a reference that is a text holds none";
    EXPECT_EQ(found.warnings.size(), static_cast<std::size_t>(count) + 1);
}

}  // namespace
}  // namespace labhost::results_test
