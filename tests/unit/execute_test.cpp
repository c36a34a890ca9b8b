// The rules of a sweep: retries, processes that several runs share, duplicates, broken machines, stopping. With workers
// that a script makes up (helpers/scripted_workers.hpp); integration/sweep_test.cpp has real ones.
#include <gtest/gtest.h>

#include "helpers/expect_error.hpp"
#include "helpers/scripted_workers.hpp"
#include "record/run_folder.hpp"

namespace labhost::testing::execute_test {
namespace {

using Ids = std::vector<std::string>;

/// Signals are noted only while a sweep goes on: raised while the supervisor waits for the `n`th time.
void raise_at(MadeUpSweep& sweep, int signal, int n) {
    sweep.workers.on_wait = [signal, n](int waits) {
        if (waits == n) std::raise(signal);
    };
}

TEST(Execute, TrainsWhatIsNotFinishedAndNothingElse) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 3);
    PlannedRun& done = sweep["a-s2"];
    done.status = RunState::finished;
    done.result = Result{.finished = true};
    sweep.run();
    EXPECT_EQ(sweep.workers.order(), (Ids{"a-s1", "a-s3"}));
    EXPECT_EQ(sweep.observer.to_train, 2U);
    EXPECT_EQ(sweep.observer.events.front(), "end a-s2 finished before");
    EXPECT_EQ(sweep.count("finished"), 3);
    EXPECT_TRUE(sweep.is_recorded("a-s1"));
    EXPECT_FALSE(sweep.is_recorded("a-s2")) << "its record stays as it was";
}

TEST(Execute, NeedsNoWorkersForWhatIsFinished) {
    MadeUpSweep sweep;
    sweep.add("a").status = RunState::finished;
    sweep["a-s1"].result = Result{.finished = true};
    sweep.run();
    EXPECT_FALSE(sweep.workers.prepared) << "LibTorch is not loaded";
    EXPECT_FALSE(std::filesystem::exists(sweep.folder() / "runs"));
}

TEST(Execute, ForceTrainsAllFromScratch) {
    MadeUpSweep sweep;
    sweep.add("a").status = RunState::finished;
    sweep["a-s1"].result = Result{.finished = true};
    sweep.options.force = true;
    sweep.run();
    ASSERT_EQ(sweep.workers.begun.size(), 1U);
    EXPECT_TRUE(sweep.workers.begun[0].from_scratch);
}

TEST(Execute, HasSoManyRunsAtOnceAsCores) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 7);
    sweep.machine.cores = 3;
    sweep.run();
    EXPECT_EQ(sweep.workers.most_at_once(), 3);
    EXPECT_EQ(sweep.observer.jobs, 3);
    EXPECT_EQ(sweep.workers.workers_made, 7) << "a process each";
}

TEST(Execute, ARunOfMoreThreadsTakesMoreCores) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 4);
    sweep["a-s3"].settings.trainer.threads = 2;
    sweep.machine.cores = 4;
    sweep.run();
    EXPECT_EQ(sweep.workers.most_at_once(), 2);
}

TEST(Execute, JobsIsObeyed) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 5);
    sweep.options.jobs = 1;
    sweep.run();
    EXPECT_EQ(sweep.workers.most_at_once(), 1);
}

TEST(Execute, TheLongestStartsFirst) {
    MadeUpSweep sweep;
    sweep.add("short");
    sweep.add("long").settings.trainer.epochs = 5;
    sweep.options.jobs = 1;
    sweep.run();
    EXPECT_EQ(sweep.workers.order(), (Ids{"long-s1", "short-s1"}));
}

TEST(Execute, AWorkerIsToldItsLimits) {
    MadeUpSweep sweep;
    sweep.add("a").settings.trainer.timeout = 60.0;
    sweep.add("b").settings.trainer.memory_limit = 1000;
    sweep.options.profile = true;
    sweep.run();
    const WorkerConfig a = sweep.workers.of("a-s1").at(0).config;
    EXPECT_EQ(a.timeout, 60.0);
    EXPECT_EQ(a.memory_limit, sweep.machine.memory);
    EXPECT_TRUE(a.profile);
    const WorkerConfig b = sweep.workers.of("b-s1").at(0).config;
    EXPECT_EQ(b.memory_limit, 1000U);
    EXPECT_EQ(b.memory_limit_name, "trainer.memory_limit");
    EXPECT_EQ(b.timeout, std::nullopt);
}

TEST(Execute, WhatARunSaysIsTold) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.workers.scripts["a-s1"] = {{message::Resumed{.at = progress_at(2), .seconds = 9.0, .final = EpochMetrics{}},
                                      batch(3), message::Warned{"labhost: warning: careful"},
                                      message::EpochFinished{epoch_done()}, finishes()}};
    sweep.run();
    EXPECT_EQ(sweep.observer.events, (Ids{"start a-s1", "epoch a-s1", "end a-s1 finished"}));
    EXPECT_TRUE(sweep.observer.has_said("labhost: warning: careful"));
    EXPECT_EQ(sweep["a-s1"].result->seconds, 1.0);
}

TEST(Execute, ARunThatResumesIsAnnouncedFromThere) {
    MadeUpSweep sweep;
    PlannedRun& run = sweep.add("a");
    std::filesystem::create_directories(run.folder);
    std::ofstream(run.folder / run_file::checkpoint) << "a checkpoint";
    sweep.workers.scripts["a-s1"] = {{message::Resumed{.at = progress_at(2)}, batch(3), finishes()}};
    sweep.run();
    EXPECT_EQ(sweep.observer.events, (Ids{"resume a-s1", "end a-s1 finished"}));
}

// ---- failures and retries

TEST(ExecuteRetries, AFailureIsRecordedAndCostsNoOther) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 3);
    sweep.workers.scripts["a-s2"] = {{batch(1), fails("the loss is not a number")}};
    sweep.run();
    EXPECT_EQ(sweep.reason("a-s2"), "the loss is not a number");
    EXPECT_EQ(sweep.count("finished"), 2);
    EXPECT_EQ(sweep.workers.of("a-s2").size(), 1U);
    EXPECT_TRUE(sweep.is_recorded("a-s2"));
}

TEST(ExecuteRetries, ACrashSaysWhereItWas) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.workers.scripts["a-s1"] = {{batch(1), batch(2), Dies{SIGSEGV}}};
    sweep.run();
    EXPECT_EQ(sweep.reason("a-s1"), "plugin 'a' was killed by SIGSEGV in epoch 1, after training batch 2 of 10");
}

TEST(ExecuteRetries, ACrashNearTheMemoryLimitSaysSo) {
    MadeUpSweep sweep;
    sweep.add("a").settings.trainer.memory_limit = std::uint64_t{1000} << 20;
    sweep.workers.scripts["a-s1"] = {{batch(1), Dies{SIGKILL}}};
    sweep.workers.memory = std::uint64_t{900} << 20;
    sweep.run();
    EXPECT_NE(sweep.reason("a-s1").find("that trainer.memory_limit allows"), std::string::npos) << sweep.reason("a-s1");
}

TEST(ExecuteRetries, AFailureIsTriedAgainAsOftenAsAsked) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.options.retries = 2;
    sweep.workers.scripts["a-s1"] = {{fails("first")}, {batch(1), Dies{}}, trains(2)};
    sweep.run();
    EXPECT_EQ(sweep.status("a-s1"), "finished");
    EXPECT_EQ(sweep.workers.of("a-s1").size(), 3U);
    EXPECT_TRUE(sweep.observer.has_said("a-s1 failed: first; it is tried again (1 of 2)"));
    EXPECT_TRUE(sweep.observer.has_said("it is tried again (2 of 2)"));
}

TEST(ExecuteRetries, TheLastFailureIsTheOneThatIsRecorded) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.options.retries = 1;
    sweep.workers.scripts["a-s1"] = {{fails("first")}, {fails("second")}, trains(1)};
    sweep.run();
    EXPECT_EQ(sweep.reason("a-s1"), "second");
    EXPECT_EQ(sweep.workers.of("a-s1").size(), 2U);
}

TEST(ExecuteRetries, WhatItDidBeforeItFailedIsKept) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.workers.scripts["a-s1"] = {{batch(1), message::EpochFinished{epoch_done(4.5)}, fails("then")}};
    sweep.run();
    EXPECT_EQ(sweep["a-s1"].result->final.value().seconds, 4.5);
    EXPECT_GT(sweep["a-s1"].result->seconds, 0.0);
}

TEST(ExecuteRetries, AForcedRunThatHasBegunGoesOnRatherThanFromScratch) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.options.force = true;
    sweep.options.retries = 1;
    sweep.workers.scripts["a-s1"] = {{batch(1), fails("once")}};
    sweep.run();
    EXPECT_FALSE(sweep.workers.of("a-s1").at(1).from_scratch);
}

TEST(ExecuteRetries, FailFastStopsTheOthersWhichKeepTheirCheckpoints) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 4);
    sweep.options.fail_fast = true;
    sweep.workers.scripts["a-s1"] = {{batch(1), fails("bad")}};
    sweep.workers.scripts["a-s2"] = {trains(50)};
    sweep.run();
    EXPECT_EQ(sweep.count("failed"), 1);
    EXPECT_EQ(sweep.status("a-s2"), "resumable");
    EXPECT_EQ(sweep.workers.begun.size(), 2U) << "no more is begun";
    EXPECT_TRUE(sweep.observer.has_said("stopping at the first failure (--fail-fast)"));
}

TEST(ExecuteRetries, AWorkerThatCannotBeMadeEndsTheSweepAndRecordsNothing) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 3);
    sweep.workers.most_workers = 1;
    expect_error(ExitCode::run_failed, "no child process", [&] { sweep.run(); });
    EXPECT_EQ(sweep.count("failed"), 0);
    EXPECT_FALSE(sweep.is_recorded("a-s1"));
    EXPECT_FALSE(sweep.is_recorded("a-s2"));
}

// ---- a process that several runs share

MadeUpSweep& colocated(MadeUpSweep& sweep, int runs) {
    sweep.add_seeds("a", runs);
    sweep.options.jobs = runs;
    sweep.options.per_process = runs;
    return sweep;
}

TEST(ExecuteColocated, RunsShareAWorkerThatIsRefilled) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 9);
    sweep.options.jobs = 3;
    sweep.options.per_process = 3;
    sweep.run();
    EXPECT_EQ(sweep.workers.workers_made, 1);
    EXPECT_EQ(sweep.workers.most_at_once(), 3);
    EXPECT_EQ(sweep.count("finished"), 9);
    EXPECT_TRUE(sweep.workers.begun[0].config.colocated);
}

TEST(ExecuteColocated, AfterADeathEachIsTriedAgainIsolated) {
    MadeUpSweep sweep;
    colocated(sweep, 3).workers.scripts["a-s2"] = {{batch(1), Dies{}}};
    sweep.run();
    EXPECT_EQ(sweep.count("finished"), 3);
    for (const char* id : {"a-s1", "a-s2", "a-s3"}) {
        ASSERT_EQ(sweep.workers.of(id).size(), 2U) << id;
        EXPECT_FALSE(sweep.workers.of(id)[1].config.colocated) << id;
    }
    EXPECT_TRUE(sweep.observer.has_said("the process that trained a-s1, a-s2, a-s3 was killed by SIGSEGV"));
    EXPECT_TRUE(sweep.observer.has_said("each of them is tried again in one of its own"));
}

TEST(ExecuteColocated, ADeathDoesNotCountAsAnAttemptOfAnyone) {
    MadeUpSweep sweep;
    colocated(sweep, 2).workers.scripts["a-s2"] = {{batch(1), Dies{}}, {batch(1), Dies{}}};
    sweep.run();
    EXPECT_EQ(sweep.count("finished"), 1);
    EXPECT_NE(sweep.reason("a-s2").find("was killed by SIGSEGV"), std::string::npos) << "isolated it is believed";
    EXPECT_EQ(sweep.workers.of("a-s2").size(), 2U);
}

TEST(ExecuteColocated, WhatHadFinishedIsNotTriedAgain) {
    MadeUpSweep sweep;
    colocated(sweep, 2).workers.scripts["a-s1"] = {{batch(1), batch(2), batch(3), batch(4), Dies{}}};
    sweep.workers.scripts["a-s2"] = {trains(1)};
    sweep.run();
    EXPECT_EQ(sweep.workers.of("a-s2").size(), 1U);
    EXPECT_TRUE(sweep.observer.has_said("the process that trained a-s1 was killed"));
}

TEST(ExecuteColocated, AFailureIsTriedAgainIsolatedAndTheOthersGoOn) {
    MadeUpSweep sweep;
    colocated(sweep, 2).workers.scripts["a-s1"] = {{batch(1), fails("odd")}};
    sweep.workers.scripts["a-s2"] = {trains(9)};
    sweep.run();
    EXPECT_EQ(sweep.count("finished"), 2);
    EXPECT_EQ(sweep.workers.of("a-s2").size(), 1U);
    EXPECT_FALSE(sweep.workers.of("a-s1").at(1).config.colocated);
    EXPECT_TRUE(
        sweep.observer.has_said("a-s1 failed beside other runs: odd; it is tried again in a process of its own"));
}

TEST(ExecuteColocated, ARunBeyondItsShareOfTimeEndsTheWorker) {
    MadeUpSweep sweep;
    colocated(sweep, 2);
    for (PlannedRun& run : sweep.plan.runs) run.settings.trainer.timeout = 2.0;
    sweep.workers.scripts["a-s1"] = {{batch(1), Hangs{}}};
    sweep.run();
    EXPECT_EQ(sweep.workers.killed.size(), 1U);
    EXPECT_TRUE(
        sweep.observer.has_said("a-s1 was not done after its share of 2 s (trainer.timeout) beside other runs"));
    EXPECT_EQ(sweep.count("finished"), 2);
    EXPECT_EQ(sweep.workers.of("a-s1").at(1).config.timeout, 2.0);
}

TEST(ExecuteColocated, TheTimeOfOthersDoesNotCount) {
    MadeUpSweep sweep;
    colocated(sweep, 4);
    for (PlannedRun& run : sweep.plan.runs) {
        run.settings.trainer.timeout = 2.0;
        sweep.workers.scripts[run.settings.id] = {trains(100)};  // five seconds, of which a quarter is each one's
    }
    sweep.run();
    EXPECT_TRUE(sweep.workers.killed.empty());
}

TEST(ExecuteColocated, RunsThatNeedOtherThingsOfAProcessDoNotShareOne) {
    MadeUpSweep sweep;
    colocated(sweep, 2);
    sweep["a-s2"].settings.trainer.threads = 2;
    sweep.run();
    EXPECT_EQ(sweep.workers.workers_made, 2);
}

TEST(ExecuteColocated, ARunWithItsOwnMemoryLimitIsIsolated) {
    MadeUpSweep sweep;
    colocated(sweep, 3);
    sweep["a-s1"].settings.trainer.memory_limit = 1000;
    sweep.run();
    EXPECT_FALSE(sweep.workers.of("a-s1").at(0).config.colocated);
    EXPECT_TRUE(sweep.workers.of("a-s2").at(0).config.colocated);
}

TEST(ExecuteColocated, FastKernelsOnACpuAreAProcesssAndThatIsRefused) {
    MadeUpSweep sweep;
    colocated(sweep, 2);
    sweep["a-s1"].settings.trainer.numerics = Numerics::fast;
    expect_error(ExitCode::usage, "--per-process: on a CPU", [&] { sweep.run(); });
}

TEST(ExecuteColocated, PerGpuWithoutAGpuIsRefused) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.options.per_gpu = 2;
    expect_error(ExitCode::usage, "--per-gpu: no run of this experiment is on a GPU", [&] { sweep.run(); });
}

// ---- duplicates

void make_duplicates(MadeUpSweep& sweep) {
    sweep.add("a");
    const std::string same = sweep["a-s1"].fingerprint;
    sweep.add("b").fingerprint = same;
}

TEST(ExecuteDuplicates, OneIsTrainedAndTheOtherTakesItsNumbers) {
    MadeUpSweep sweep;
    make_duplicates(sweep);
    sweep.run();
    ASSERT_EQ(sweep.workers.order(), (Ids{"a-s1", "b-s1"}));
    EXPECT_EQ(sweep.workers.most_at_once(), 1) << "it waits";
    EXPECT_EQ(sweep.workers.begun[0].duplicate_of, "");
    EXPECT_EQ(sweep.workers.begun[1].duplicate_of, sweep["a-s1"].folder);
    EXPECT_TRUE(sweep.observer.has_said("b-s1  is the same as a-s1; its numbers are taken from there"));
}

TEST(ExecuteDuplicates, WhereTheFirstFailsTheOtherIsTrained) {
    MadeUpSweep sweep;
    make_duplicates(sweep);
    sweep.workers.scripts["a-s1"] = {{batch(1), fails("bad")}};
    sweep.run();
    EXPECT_EQ(sweep.workers.begun.at(1).duplicate_of, "");
    EXPECT_EQ(sweep.status("b-s1"), "finished");
}

TEST(ExecuteDuplicates, AnEarlierSweepsRunIsADuplicateToo) {
    MadeUpSweep sweep;
    sweep.add("a").duplicate_of = "/runs/e/earlier";
    sweep.run();
    EXPECT_EQ(sweep.workers.begun.at(0).duplicate_of, "/runs/e/earlier");
}

TEST(ExecuteDuplicates, WithForceNothingIsTaken) {
    MadeUpSweep sweep;
    sweep.add("a").duplicate_of = "/runs/e/earlier";
    sweep.options.force = true;
    sweep.run();
    EXPECT_EQ(sweep.workers.begun.at(0).duplicate_of, "");
}

TEST(ExecuteDuplicates, TheyAreNeverColocated) {
    MadeUpSweep sweep;
    make_duplicates(sweep);
    sweep.add_seeds("c", 2);
    sweep.options.jobs = 4;
    sweep.options.per_process = 4;
    sweep.run();
    EXPECT_FALSE(sweep.workers.of("a-s1").at(0).config.colocated);
    EXPECT_TRUE(sweep.workers.of("c-s1").at(0).config.colocated);
}

TEST(ExecuteDuplicates, WhatAnotherProcessFinishedMeanwhileIsTakenUp) {
    MadeUpSweep sweep;
    PlannedRun& run = sweep.add("a");
    std::filesystem::create_directories(run.folder);
    RunFolder(run.folder)
        .close({.finished = true, .final = EpochMetrics{}, .seconds = 3.0, .fingerprint = run.fingerprint}, "");
    sweep.run();
    EXPECT_TRUE(sweep.workers.begun.empty());
    EXPECT_EQ(sweep.status("a-s1"), "finished");
    EXPECT_TRUE(sweep.observer.has_said("a-s1  was finished by another process"));
}

// ---- a machine that cannot compute

TEST(ExecuteBrokenMachine, AfterThreeDeathsBeforeAnyBatchItGivesUpAndRecordsNothing) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 9);
    for (const PlannedRun& run : sweep.plan.runs) sweep.workers.scripts[run.settings.id] = {{Dies{SIGILL}}};
    expect_error(ExitCode::run_failed, "that is taken for a broken machine", [&] { sweep.run(); });
    EXPECT_EQ(sweep.count("failed"), 0);
    EXPECT_LE(sweep.workers.begun.size(), 4U);
    EXPECT_FALSE(sweep.is_recorded("a-s1"));
}

TEST(ExecuteBrokenMachine, OneThatComputesClearsIt) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 3);
    sweep.add("b");
    for (int seed = 1; seed <= 3; ++seed) sweep.workers.scripts["a-s" + std::to_string(seed)] = {{Dies{SIGILL}}};
    sweep.options.jobs = 1;
    sweep.run();
    EXPECT_EQ(sweep.count("failed"), 3) << "the plugin's fault, not the machine's";
    EXPECT_EQ(sweep.status("b-s1"), "finished");
    EXPECT_NE(sweep.reason("a-s1").find("before its first batch"), std::string::npos);
}

TEST(ExecuteBrokenMachine, InDoubtOnlyPluginsThatNobodyDiedOfAreRisked) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 5);
    sweep.add("b").settings.trainer.epochs = 0;  // last in the queue
    for (int seed = 1; seed <= 5; ++seed) sweep.workers.scripts["a-s" + std::to_string(seed)] = {{Dies{SIGILL}}};
    sweep.options.jobs = 1;
    sweep.run();
    EXPECT_EQ(sweep.workers.order(), (Ids{"a-s1", "a-s2", "a-s3", "b-s1", "a-s4", "a-s5"}));
    EXPECT_EQ(sweep.count("failed"), 5);
}

TEST(ExecuteBrokenMachine, DeathsOfAnotherKindAreNotTheMachines) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 4);
    sweep.options.jobs = 1;
    sweep.workers.scripts["a-s1"] = {{Dies{SIGILL}}};
    sweep.workers.scripts["a-s2"] = {{Dies{SIGILL}}};
    sweep.workers.scripts["a-s3"] = {{Exits{3}}};
    sweep.workers.scripts["a-s4"] = {{Dies{SIGILL}}};
    sweep.run();
    EXPECT_EQ(sweep.count("failed"), 4);
}

TEST(ExecuteBrokenMachine, TwoDeathsAreRecordedAtTheEnd) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 2);
    for (const char* id : {"a-s1", "a-s2"}) sweep.workers.scripts[id] = {{Dies{SIGABRT}}};
    sweep.run();
    EXPECT_EQ(sweep.count("failed"), 2);
    EXPECT_TRUE(sweep.is_recorded("a-s1"));
}

TEST(ExecuteBrokenMachine, AFailureInWordsIsNoDeath) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 5);
    for (const PlannedRun& run : sweep.plan.runs) sweep.workers.scripts[run.settings.id] = {{fails("no")}};
    sweep.run();
    EXPECT_EQ(sweep.count("failed"), 5);
}

// ---- stopping

TEST(ExecuteStopping, ASignalLetsTheRunningWriteCheckpointsAndBeginsNothing) {
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
        MadeUpSweep sweep;
        sweep.add_seeds("a", 4);
        for (const PlannedRun& run : sweep.plan.runs) sweep.workers.scripts[run.settings.id] = {trains(50)};
        raise_at(sweep, signal, 3);
        EXPECT_THROW(sweep.run(), StopError);
        EXPECT_EQ(sweep.status("a-s1"), "resumable");
        EXPECT_EQ(sweep.observer.count("pause a-s2"), 1);
        EXPECT_EQ(sweep.workers.begun.size(), 2U);
        EXPECT_EQ(sweep.status("a-s3"), "new");
    }
}

TEST(ExecuteStopping, WithoutACheckpointItIsUnfinished) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.workers.scripts["a-s1"] = {trains(50)};
    sweep.workers.writes_checkpoints = false;
    raise_at(sweep, SIGTERM, 3);
    EXPECT_THROW(sweep.run(), StopError);
    EXPECT_EQ(sweep.status("a-s1"), "unfinished");
}

TEST(ExecuteStopping, AWorkerThatDoesNotEndIsKilledAfterHalfAMinuteForEachRun) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.workers.scripts["a-s1"] = {{batch(1), Hangs{}}};
    raise_at(sweep, SIGINT, 3);
    EXPECT_THROW(sweep.run(), StopError);
    ASSERT_FALSE(sweep.workers.killed.empty());
    EXPECT_FALSE(sweep.is_recorded("a-s1")) << "its death is no failure";
}

TEST(ExecuteStopping, WhatFailsIsolatedWhileStoppingIsRecorded) {
    MadeUpSweep sweep;
    sweep.add("a");
    sweep.workers.on_wait = [](int waits) {
        if (waits == 2) std::raise(SIGINT);
    };
    sweep.workers.scripts["a-s1"] = {{batch(1), fails("bad")}};
    EXPECT_THROW(sweep.run(), StopError);
    EXPECT_EQ(sweep.reason("a-s1"), "bad");
}

TEST(ExecuteStopping, ADiskThatRefusesARunStopsTheSweep) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 3);
    sweep.workers.scripts["a-s1"] = {{batch(1), message::StorageFailed{"a-s1: error: no space left"}}};
    sweep.workers.scripts["a-s2"] = {trains(50)};
    EXPECT_THROW(sweep.run(), StorageError);
    EXPECT_EQ(sweep.status("a-s2"), "resumable");
    EXPECT_EQ(sweep.count("failed"), 0);
    EXPECT_EQ(sweep.workers.begun.size(), 2U);
}

TEST(ExecuteStopping, ADiskThatRefusesARecordLeavesTheRunUnfinished) {
    MadeUpSweep sweep;
    PlannedRun& run = sweep.add("a");
    sweep.workers.on_wait = [&](int waits) {
        if (waits != 1) return;
        std::filesystem::remove_all(run.folder);
        std::ofstream(run.folder) << "no folder";
    };
    EXPECT_THROW(sweep.run(), StorageError);
    EXPECT_EQ(sweep.status("a-s1"), "unfinished");
    EXPECT_EQ(sweep.observer.count("end a-s1 finished"), 0);
}

TEST(ExecuteStopping, TheLastRunIsNotLeftForATail) {
    MadeUpSweep sweep;
    sweep.add_seeds("a", 3);
    for (const PlannedRun& run : sweep.plan.runs)
        sweep.workers.scripts[run.settings.id] = {trains(400), trains(200), trains(200)};
    sweep.options.jobs = 2;
    sweep.run();
    EXPECT_EQ(sweep.count("finished"), 3);
    EXPECT_EQ(std::ranges::count_if(sweep.observer.events, [](const auto& e) { return e.starts_with("pause"); }), 1)
        << "one of the first two makes room for the third";
}

}  // namespace
}  // namespace labhost::testing::execute_test
