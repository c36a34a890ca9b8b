// A runs folder of November 2026, from before run_layout: every file of it is still read as it was meant.
#include <gtest/gtest.h>

#include <tuple>

#include "helpers/temporary_folder.hpp"
#include "record/experiment_record.hpp"
#include "record/run_layout.hpp"
#include "record/run_record.hpp"
#include "record/run_state.hpp"
#include "support/files.hpp"

namespace labhost::earlier_runs_test {
namespace {

const std::filesystem::path earlier = std::filesystem::path(LABHOST_SOURCE) / "tests/data/runs-2026-11";

/// Weights and checkpoints are not kept: too large for this repository.
TEST(EarlierRuns, AreReadWithTheirStatesAndNumbers) {
    const testing::TemporaryFolder folder;
    std::filesystem::copy(earlier, folder / "runs", std::filesystem::copy_options::recursive);
    folder.write("runs/digits/long-s1-733a41f1/checkpoint.pt", "of the size of its weights");
    const FoundRecords found = find_records(folder / "runs");
    EXPECT_TRUE(found.warnings.empty());
    ASSERT_EQ(found.runs.size(), 3U);
    const auto& [resumable, failed, finished] = std::tie(found.runs[0], found.runs[1], found.runs[2]);

    EXPECT_EQ(resumable.id, "long-s1");
    EXPECT_EQ(resumable.status, RunState::resumable);
    EXPECT_EQ(read_epochs(resumable.folder).size(), 4U);

    EXPECT_EQ(failed.id, "slow-s1");
    EXPECT_EQ(failed.status, RunState::failed);
    EXPECT_EQ(failed.reason.substr(0, 31), "plugin 'net2' was not done afte");
    EXPECT_EQ(failed.final.value().epoch, 2);

    EXPECT_EQ(finished.id, "well-s1");
    EXPECT_EQ(finished.experiment, "digits");
    EXPECT_EQ(finished.model, "net2");
    EXPECT_EQ(finished.status, RunState::finished);
    EXPECT_EQ(finished.params, Json::parse(R"({"p": 0.25})"));
    EXPECT_EQ(finished.trainer.at("epochs"), 2);
    EXPECT_EQ(finished.data.at("train_limit"), 128);
    EXPECT_EQ(finished.seed, 1U);
    EXPECT_EQ(finished.fingerprint, "2fc738060df95105ac6e89e70c94bc2154f4b40d616cb31c0d3d21e7fac601e3");
    EXPECT_EQ(finished.fingerprint_of.at("torch"), "1.13.0+cpu");
    EXPECT_EQ(finished.reference.test_accuracy, (std::vector<double>{96.27, 98.11}));
    EXPECT_EQ(finished.experiment_file, "/home/anna/digits.toml");
    EXPECT_EQ(finished.seconds, 2.115661096);
    EXPECT_EQ(finished.final.value().test.loss, 2.2569166564941407);
    EXPECT_EQ(to_json(read_epochs(finished.folder).at(1)), to_json(finished.final.value()));
    EXPECT_EQ(finished.folder, run_folder(folder / "runs", "digits", finished.id, finished.fingerprint));
    EXPECT_EQ(read_object(finished.folder / run_file::predictions).at("confusion").size(), 10U);
}

TEST(EarlierRuns, TheExperimentIsReadWithItsClaim) {
    const auto experiment = read_experiment_record(experiment_folder(earlier, "digits"));
    ASSERT_TRUE(experiment);
    EXPECT_EQ(experiment->name, "digits");
    EXPECT_EQ(experiment->title, "One run of each kind");
    EXPECT_EQ(experiment->command, "labhost digits.toml");
    EXPECT_NE(experiment->source.find("[[claim]]"), std::string::npos);
    ASSERT_EQ(experiment->claims.size(), 1U);
    EXPECT_EQ(experiment->claims[0].of, "well");
}

}  // namespace
}  // namespace labhost::earlier_runs_test
