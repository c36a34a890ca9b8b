// Which GPU a run goes to and how many share it; and what is remembered of captures.
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "helpers/temporary_folder.hpp"
#include "sweep/captures.hpp"
#include "sweep/gpus.hpp"
#include "sweep/schedule.hpp"
#include "train/capture_verdict.hpp"
#include "train/gpu_words.hpp"

namespace labhost::gpus_test {
namespace {

constexpr std::uint64_t gb = std::uint64_t{1} << 30;

TEST(RunsThatFit, AreAsManyAsTheRoomLessAMargin) {
    EXPECT_EQ(runs_that_fit(14 * gb, 16 * gb, 1 * gb, 1 * gb, 100), 14);  // one is in, 14 GB are free, 1 GB is kept
    EXPECT_EQ(runs_that_fit(14 * gb, 16 * gb, 1 * gb, 4 * gb, 100), 3);
    EXPECT_EQ(runs_that_fit(6 * gb, 80 * gb, 1 * gb, 1 * gb, 100), 2) << "another program has the rest";
}

TEST(RunsThatFit, AreWithinTheCapAndOneAtLeast) {
    EXPECT_EQ(runs_that_fit(70 * gb, 80 * gb, gb, gb, 12), 12);
    EXPECT_EQ(runs_that_fit(0, 16 * gb, 0, 4 * gb, 12), 1);
    EXPECT_EQ(runs_that_fit(70 * gb, 80 * gb, 0, 0, 12), 12) << "nothing was measured";
}

TEST(RunsThatFit, AFirstRunThatHasNotTestedCountsTwice) {
    MeasuredMemory measured{.before = {16 * gb, 17 * gb}, .now = {15 * gb, 17 * gb}, .runs = 1};
    const int early = runs_that_fit(measured, 100);
    measured.all_tested = true;
    const int later = runs_that_fit(measured, 100);
    EXPECT_EQ(early, 7);
    EXPECT_EQ(later, 14);
}

TEST(RunsThatFit, WhatIsTakenOnceIsSharedOutOverTheRuns) {
    // A first run took 2 GB, three more 1 GB each.
    EXPECT_EQ(
        runs_that_fit({.before = {16 * gb, 16 * gb}, .now = {14 * gb, 16 * gb}, .runs = 1, .all_tested = true}, 100),
        7);
    EXPECT_EQ(
        runs_that_fit({.before = {16 * gb, 16 * gb}, .now = {11 * gb, 16 * gb}, .runs = 4, .all_tested = true}, 100),
        12);
}

TEST(Gpus, OneThatIsBenchedTakesNoRuns) {
    Gpus gpus(2);
    EXPECT_TRUE(gpus.bench(0, "CUDA error"));
    EXPECT_FALSE(gpus.bench(0, "again")) << "said once";
    EXPECT_EQ(gpus.to_try({0, 5}, std::nullopt), std::vector<int>{1});
    EXPECT_EQ(gpus.to_try({0, 5}, 0), std::vector<int>{}) << "a run that names it goes nowhere else";
    EXPECT_FALSE(gpus.all_are_benched());
    gpus.bench(1, "CUDA error too");
    EXPECT_TRUE(gpus.all_are_benched());
    EXPECT_EQ(gpus.why_benched(), "cuda:0: CUDA error; cuda:1: CUDA error too");
}

TEST(Gpus, TheEmptiestComesFirst) {
    const Gpus gpus(3);
    EXPECT_EQ(gpus.to_try({4, 1, 1}, std::nullopt), (std::vector<int>{1, 2, 0}));
    EXPECT_EQ(gpus.to_try({4, 1, 1}, 0), std::vector<int>{0});
}

TEST(Gpus, WhereMemoryRanOutHalfAsManyTry) {
    Gpus gpus(2);
    EXPECT_EQ(gpus.most_runs(0, 12), 12);
    gpus.ran_out_of_memory(0, 9);
    EXPECT_EQ(gpus.most_runs(0, 12), 4);
    gpus.ran_out_of_memory(0, 12);  // those that were under way then
    EXPECT_EQ(gpus.most_runs(0, 12), 4);
    gpus.ran_out_of_memory(0, 2);
    gpus.ran_out_of_memory(0, 1);
    EXPECT_EQ(gpus.most_runs(0, 12), 1);
    EXPECT_EQ(gpus.most_runs(1, 12), 12) << "of another GPU nothing is known";
}

TEST(Gpus, EachHasItsShare) {
    EXPECT_EQ(share_of_a_gpu(8, 2), 4);
    EXPECT_EQ(share_of_a_gpu(9, 2), 5);
    EXPECT_EQ(share_of_a_gpu(3, 8), 1);
    EXPECT_EQ(share_of_a_gpu(3, 0), 3);
}

TEST(Gpus, NoGpusAreNotAllBenched) { EXPECT_FALSE(Gpus(0).all_are_benched()); }

TEST(OwnShare, IsWhatTurnsLeaveToEach) {
    EXPECT_EQ(own_share(6.0, 3), 2.0);
    EXPECT_EQ(own_share(6.0, 0), 6.0);
}

TEST(EnginesBuild, LibTorchsAreKnown) {
    for (const char* build : {"cpu", "cu130", "cu121", "rocm"}) EXPECT_TRUE(is_build_of_torch(build)) << build;
    EXPECT_FALSE(is_build_of_torch("scripted"));
}

class CaptureMemory : public ::testing::Test {
protected:
    CaptureMemory() { ::setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1); }
    ~CaptureMemory() override { ::unsetenv("XDG_CACHE_HOME"); }
    testing::TemporaryFolder folder_;
};

TEST_F(CaptureMemory, IsOfAFileAndAGpu) {
    EXPECT_FALSE(recall_capture("abc", "GPU A"));
    remember_capture("abc", "GPU A", {.captured = false, .why = "it syncs"});
    const auto verdict = recall_capture("abc", "GPU A");
    ASSERT_TRUE(verdict);
    EXPECT_FALSE(verdict->captured);
    EXPECT_EQ(verdict->why, "it syncs");
    EXPECT_FALSE(recall_capture("abc", "GPU B"));
    EXPECT_FALSE(recall_capture("abd", "GPU A"));
    remember_capture("abc", "GPU A", {});
    EXPECT_TRUE(recall_capture("abc", "GPU A")->captured);
}

TEST_F(CaptureMemory, StepsWithALossOfTheModelsOwnAreOthers) {
    const Plugin plugin{.sha256 = "abc", .stamp = Stamp("")};
    PlannedRun own{.plugin = &plugin};
    PlannedRun other{.plugin = &plugin};
    own.settings.trainer.loss = Loss::model;
    other.settings.trainer.loss = Loss::mse;
    const Device gpu{.cuda = true, .index = 0};
    Captures captures({"GPU A"});
    captures.learn(own, gpu, {.captured = false, .why = "its loss syncs"});
    EXPECT_FALSE(captures.verdict_on(own, gpu)->captured);
    EXPECT_FALSE(captures.verdict_on(other, gpu));
    captures.learn(other, gpu, {});
    EXPECT_FALSE(captures.verdict_on(own, gpu)->captured);
    EXPECT_FALSE(Captures({"GPU A"}).verdict_on(own, gpu)->captured) << "nor for a later sweep";
    EXPECT_TRUE(Captures({"GPU A"}).verdict_on(other, gpu)->captured);
}

TEST_F(CaptureMemory, WhatIsDamagedIsAsGoodAsNothing) {
    remember_capture("abc", "GPU A", {});
    ASSERT_TRUE(recall_capture("abc", "GPU A"));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
        if (entry.is_regular_file()) std::ofstream(entry.path()) << "{\"captured\": ";
    EXPECT_FALSE(recall_capture("abc", "GPU A"));
}

}  // namespace
}  // namespace labhost::gpus_test
