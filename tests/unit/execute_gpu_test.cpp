// The rules of a sweep about GPUs: places, memory, graphs, trials, faults. With workers and GPUs that a script makes up
// (helpers/scripted_workers.hpp); integration/gpu_sweep_test.cpp has real processes.
#include <gtest/gtest.h>

#include "helpers/expect_error.hpp"
#include "helpers/scripted_workers.hpp"
#include "support/signals.hpp"

namespace labhost::testing::execute_gpu_test {
namespace {

using Ids = std::vector<std::string>;

/// What a first run says when there is room for so many in all.
Script finds_room(std::uint64_t room, std::int64_t batches = 20) {
    return then_trains({batch(1), is_captured(), measured(room)}, batches);
}

/// cudaErrorDevicesUnavailable, cudaErrorECCUncorrectable, cudaErrorIllegalAddress.
constexpr int busy = 46;
constexpr int ecc = 214;
constexpr int illegal_address = 700;

int on_gpu(const MadeUpSweep& sweep, int index) {
    return static_cast<int>(std::ranges::count_if(sweep.workers.begun, [&](const ScriptedWorkers::Begun& one) {
        return one.config.device.cuda && one.config.device.index == index;
    }));
}

TEST(ExecuteGpuPlaces, RunsShareAProcessAsFarAsTheFirstOnesMemoryTells) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 7).on_gpus(1);
    sweep.workers.scripts["a-s1"] = {finds_room(3)};
    for (int seed = 2; seed <= 7; ++seed) sweep.workers.scripts["a-s" + std::to_string(seed)] = {trains(6)};
    sweep.run();
    EXPECT_EQ(sweep.workers.workers_made, 1);
    EXPECT_EQ(sweep.workers.most_at_once(), 3);
    EXPECT_EQ(sweep.count("finished"), 7);
}

TEST(ExecuteGpuPlaces, UntilItsMemoryIsKnownTheFirstRunIsByItself) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 3).on_gpus(1);
    sweep.workers.scripts["a-s1"] = {then_trains({batch(1), batch(2), batch(3), is_captured(), measured(9)}, 5)};
    sweep.run();
    EXPECT_EQ(sweep.workers.begun.at(1).beside, 1);
    EXPECT_GE(sweep.workers.begun.at(1).waits, 5) << "only then";
}

TEST(ExecuteGpuPlaces, PerGpuIsAnUpperBound) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 6).on_gpus(1);
    sweep.options.per_gpu = 2;
    sweep.workers.scripts["a-s1"] = {finds_room(9)};
    sweep.run();
    EXPECT_EQ(sweep.workers.most_at_once(), 2);
}

TEST(ExecuteGpuPlaces, WhereGpusCannotBeSharedEachRunHasAProcess) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 4).on_gpus(1);
    sweep.machine.shares_gpus = false;
    sweep.machine.cores = 3;
    sweep.run();
    EXPECT_EQ(sweep.workers.workers_made, 4);
    EXPECT_EQ(sweep.workers.most_at_once(), 3) << "as many as there are cores to launch kernels";
}

TEST(ExecuteGpuPlaces, PerProcessWhereGpusCannotBeSharedIsRefused) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.on_gpus(1);
    sweep.machine.shares_gpus = false;
    sweep.options.per_process = 2;
    expect_error(ExitCode::usage, "need LibTorch 2.4", [&] { sweep.run(); });
}

TEST(ExecuteGpuPlaces, TwoGpusShareTheRuns) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 8).on_gpus(2);
    for (const PlannedRun& run : sweep.plan.runs) sweep.workers.scripts[run.settings.id] = {finds_room(9)};
    sweep.run();
    EXPECT_EQ(on_gpu(sweep, 0), 4);
    EXPECT_EQ(on_gpu(sweep, 1), 4);
}

TEST(ExecuteGpuPlaces, ANamedGpuIsTheOnlyOne) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 3).on_gpus(2);
    for (PlannedRun& run : sweep.plan.runs) {
        run.settings.trainer.device = "cuda:1";
        run.device.index = 1;
    }
    sweep.run();
    EXPECT_EQ(on_gpu(sweep, 1), 3);
}

// ---- graphs

TEST(ExecuteGpuGraphs, WhatCannotBeCapturedGoesOnWithoutGraphsAndIsSaidOnce) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 2).on_gpus(1);
    sweep.workers.scripts["a-s1"] = {{batch(1), cannot_be_captured()}};
    sweep.run();
    EXPECT_EQ(sweep.count("finished"), 2);
    const auto first = sweep.workers.of("a-s1");
    ASSERT_EQ(first.size(), 2U);
    EXPECT_TRUE(first[0].config.graphs);
    EXPECT_FALSE(first[1].config.graphs);
    EXPECT_FALSE(first[1].config.colocated);
    EXPECT_FALSE(sweep.workers.of("a-s2").at(0).config.graphs);
    EXPECT_EQ(std::ranges::count_if(sweep.observer.messages,
                                    [](const auto& line) {
                                        return line.find("cannot be captured as a CUDA graph") != std::string::npos;
                                    }),
              1);
}

TEST(ExecuteGpuGraphs, ThatIsRememberedForTheNextCommand) {
    MadeUpSweep first;
    first.add("a");
    first.on_gpus(1).workers.scripts["a-s1"] = {{batch(1), cannot_be_captured()}};
    first.run();
    const std::string cache = getenv("XDG_CACHE_HOME");
    MadeUpSweep second;
    setenv("XDG_CACHE_HOME", cache.c_str(), 1);
    second.add("a");
    second.on_gpus(1).run();
    EXPECT_FALSE(second.workers.begun.at(0).config.graphs);
    EXPECT_TRUE(second.observer.has_said("it reads a value back"));
}

/// Two runs of `a`, of which the first has computed for so long that a process is worth a trial of `b`.
MadeUpSweep& with_a_newcomer(MadeUpSweep& sweep) {
    sweep.add_seeds("a", 2);
    sweep.add("b").settings.trainer.epochs = 0;  // last in the queue
    sweep.on_gpus(1).options.per_gpu = 2;
    sweep.workers.scripts["a-s1"] = {finds_room(2, 200)};
    sweep.workers.scripts["a-s2"] = {trains(90)};
    return sweep;
}

TEST(ExecuteGpuTrials, ANewPluginIsTriedBeforeItIsPutBesideRunsThatHaveComputed) {
    MadeUpSweep sweep;
    with_a_newcomer(sweep).run();
    EXPECT_EQ(sweep.workers.tried, Ids{"b-s1"});
    EXPECT_TRUE(sweep.workers.of("b-s1").at(0).config.colocated);
    EXPECT_EQ(sweep.workers.of("a-s1").size(), 1U);
}

TEST(ExecuteGpuTrials, OneThatCannotBeCapturedDisturbsNobody) {
    MadeUpSweep sweep;
    with_a_newcomer(sweep).workers.trials["b"] = cannot_be_captured();
    sweep.run();
    EXPECT_FALSE(sweep.workers.of("b-s1").at(0).config.colocated);
    EXPECT_FALSE(sweep.workers.of("b-s1").at(0).config.graphs);
    EXPECT_EQ(sweep.workers.of("a-s1").size(), 1U);
}

TEST(ExecuteGpuTrials, OneWhoseFirstStepsCrashHasItsProcessToItself) {
    MadeUpSweep sweep;
    with_a_newcomer(sweep).workers.trials["b"] = Dies{};
    sweep.run();
    EXPECT_TRUE(
        sweep.observer.has_said("runs of plugin 'b' have a process each: the first steps of b-s1 failed: its "
                                "process was killed by SIGSEGV"));
    EXPECT_FALSE(sweep.workers.of("b-s1").at(0).config.colocated);
}

TEST(ExecuteGpuTrials, OneThatFailsInWordsLikewise) {
    MadeUpSweep sweep;
    with_a_newcomer(sweep).workers.trials["b"] = fails("no such layer");
    sweep.run();
    EXPECT_TRUE(sweep.observer.has_said("the first steps of b-s1 failed: no such layer"));
    EXPECT_FALSE(sweep.workers.of("b-s1").at(0).config.colocated);
}

TEST(ExecuteGpuTrials, TooLittleMemoryForATrialProvesNothing) {
    MadeUpSweep sweep;
    with_a_newcomer(sweep).workers.trials["b"] = out_of_memory();
    sweep.run();
    EXPECT_TRUE(sweep.workers.of("b-s1").at(0).config.colocated) << "it is tried among the others";
    EXPECT_FALSE(sweep.observer.has_said("takes no more runs"));
}

TEST(ExecuteGpuTrials, TheyEndWhereTheSweepIsStopped) {
    MadeUpSweep sweep;
    with_a_newcomer(sweep).workers.trials["b"] = Hangs{};
    sweep.workers.on_wait = [&](int) {
        if (!sweep.workers.tried.empty() && StopSignals::noted() == 0) std::raise(SIGTERM);
    };
    EXPECT_THROW(sweep.run(), StopError);
    EXPECT_EQ(sweep.workers.discarded, 1);
}

TEST(ExecuteGpuTrials, AWorkerThatHasJustBegunTakesANewPluginAsItIs) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.add("b");
    sweep.on_gpus(1).workers.scripts["a-s1"] = {finds_room(4)};
    sweep.run();
    EXPECT_TRUE(sweep.workers.tried.empty());
    EXPECT_EQ(sweep.workers.workers_made, 1);
}

TEST(ExecuteGpuTrials, WhereThatEndsAYoungWorkerTheOthersGoOnTogether) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 2);
    sweep.add("b");
    sweep.on_gpus(1).workers.scripts["a-s1"] = {finds_room(4), finds_room(4)};
    sweep.workers.scripts["b-s1"] = {{Dies{}}};
    sweep.run();
    EXPECT_EQ(sweep.count("finished"), 3);
    EXPECT_TRUE(sweep.observer.has_said("they are tried again, and plugins that are new apart from them"));
    EXPECT_TRUE(sweep.workers.of("a-s1").at(1).config.colocated);
}

// ---- faults

TEST(ExecuteGpuFaults, ABadGpuTakesNoMoreRunsAndCostsNone) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 3).on_gpus(2);
    for (const PlannedRun& run : sweep.plan.runs) sweep.workers.scripts[run.settings.id] = {trains(2)};
    sweep.workers.scripts["a-s1"] = {{gpu_fault(busy, "CUDA error: devices unavailable")}, trains(2)};
    sweep.run();
    EXPECT_EQ(sweep.count("finished"), 3);
    EXPECT_TRUE(sweep.observer.has_said(
        "cuda:0 (Made-up GPU) takes no more runs of this sweep: CUDA error: devices unavailable"));
    EXPECT_EQ(on_gpu(sweep, 0), 1);
}

TEST(ExecuteGpuFaults, AnEccErrorIsTheGpusAtAnyTime) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.on_gpus(2).workers.scripts["a-s1"] = {{batch(1), batch(2), gpu_fault(ecc, "CUDA error: ECC")}};
    sweep.run();
    EXPECT_EQ(sweep.status("a-s1"), "finished");
    EXPECT_EQ(sweep.workers.of("a-s1").at(1).config.device.index, 1);
}

TEST(ExecuteGpuFaults, AnIllegalAddressIsTheRunsAndIsBelievedIsolated) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.on_gpus(1).workers.scripts["a-s1"] = {{batch(1), gpu_fault(illegal_address, "CUDA error: illegal address")}};
    sweep.run();
    EXPECT_EQ(sweep.reason("a-s1"), "CUDA error: illegal address");
    EXPECT_FALSE(sweep.observer.has_said("takes no more runs"));
}

TEST(ExecuteGpuFaults, WithoutAnyGpuLeftNothingIsRecorded) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 2).on_gpus(1);
    sweep.workers.scripts["a-s1"] = {{gpu_fault(busy, "CUDA error: devices unavailable")}};
    expect_error(ExitCode::run_failed, "no GPU is left for a-s", [&] { sweep.run(); });
    EXPECT_EQ(sweep.count("failed"), 0);
    EXPECT_FALSE(sweep.is_recorded("a-s1"));
}

TEST(ExecuteGpuFaults, ARunThatNamesABadGpuIsLeftUnfinished) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 2).on_gpus(2);
    sweep["a-s1"].settings.trainer.device = "cuda:0";
    sweep.workers.scripts["a-s1"] = {{gpu_fault(busy, "CUDA error: devices unavailable")}};
    sweep.run();
    EXPECT_EQ(sweep.status("a-s1"), "unfinished");
    EXPECT_EQ(sweep.status("a-s2"), "finished");
}

TEST(ExecuteGpuFaults, AfterOutOfMemoryHalfAsManyGoOn) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 4).on_gpus(1);
    sweep.workers.scripts["a-s1"] = {finds_room(4)};
    sweep.workers.scripts["a-s4"] = {{batch(1), out_of_memory()}};
    sweep.run();
    EXPECT_EQ(sweep.count("finished"), 4);
    EXPECT_TRUE(
        sweep.observer.has_said("cuda:0 has too little memory for 4 runs at once; its runs go on, at most 2 at once"));
    for (const ScriptedWorkers::Begun& one : sweep.workers.begun) EXPECT_TRUE(one.worker == 1 || one.at_once <= 2);
}

TEST(ExecuteGpuFaults, OneThatDoesNotFitByItselfFailsAndSaysWhatHelps) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.on_gpus(1).workers.scripts["a-s1"] = {{out_of_memory()}};
    sweep.run();
    EXPECT_NE(sweep.reason("a-s1").find("needs more memory than cuda:0 has, though it had the GPU for itself"),
              std::string::npos);
    EXPECT_EQ(sweep.workers.of("a-s1").size(), 1U);
}

TEST(ExecuteGpuFaults, OneThatDidNotFitAfterOthersIsTriedInAFreshProcess) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 2).on_gpus(1);
    sweep.workers.scripts["a-s1"] = {finds_room(1)};
    sweep.workers.scripts["a-s2"] = {{out_of_memory()}};
    sweep.run();
    EXPECT_EQ(sweep.count("finished"), 2);
    const auto second = sweep.workers.of("a-s2");
    ASSERT_EQ(second.size(), 2U);
    EXPECT_EQ(second[0].worker, sweep.workers.of("a-s1").at(0).worker);
    EXPECT_FALSE(second[1].config.colocated);
}

TEST(ExecuteGpuFaults, ATrialThatFindsTheGpuTakenByUsProvesNothing) {
    MadeUpSweep sweep;
    with_a_newcomer(sweep).workers.trials["b"] = gpu_fault(busy, "CUDA error: busy or unavailable");
    sweep.run();
    EXPECT_TRUE(sweep.workers.of("b-s1").at(0).config.colocated) << "ours has it: that proves nothing";
    EXPECT_FALSE(sweep.observer.has_said("takes no more runs"));
}

TEST(ExecuteGpuFaults, AGpuThatLetsOneProcessInIsNotTakenForABadOne) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 2).on_gpus(1);
    sweep.machine.shares_gpus = false;  // a process each
    sweep.workers.scripts["a-s1"] = {trains(20)};
    sweep.workers.scripts["a-s2"] = {
        {gpu_fault(busy, "CUDA error: CUDA-capable device(s) is/are busy or unavailable")}};
    sweep.run();
    EXPECT_EQ(sweep.count("finished"), 2);
    EXPECT_FALSE(sweep.observer.has_said("takes no more runs"));
    EXPECT_EQ(sweep.workers.of("a-s2").at(1).at_once, 1) << "once the other has gone";
}

}  // namespace
}  // namespace labhost::testing::execute_gpu_test
