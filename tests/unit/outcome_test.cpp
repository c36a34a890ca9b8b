// How an attempt at a run ended, and what follows: each rule by itself.
#include <gtest/gtest.h>

#include <csignal>

#include "sweep/outcome.hpp"

namespace labhost::outcome_test {
namespace {

using How = ChildEnd::How;

class OutcomeTest : public ::testing::Test {
protected:
    OutcomeTest() {
        descriptor_.id = "net";
        plugin_.descriptor = &descriptor_;
        run_.plugin = &plugin_;
        end.run = &run_;
    }

    template <class Kind>
    bool is() const {
        return std::holds_alternative<Kind>(outcome_of(end, policy));
    }
    /// Of an outcome that has one.
    std::string reason() const {
        return std::visit(
            [](const auto& outcome) -> std::string {
                if constexpr (requires { outcome.reason; })
                    return outcome.reason;
                else
                    return "no reason";
            },
            outcome_of(end, policy));
    }
    void says(const WorkerMessage& last_word) { end.last_word = last_word; }
    void dies(int signal) { end.process = {.how = How::signalled, .code = signal}; }
    void faults(GpuVerdict verdict, GpuFault::Kind kind = GpuFault::Kind::device) {
        end.fault = {WorkerFault::OfGpu{.kind = kind, .verdict = verdict}};
    }

    AttemptEnd end;
    RetryPolicy policy;

private:
    labhost_descriptor descriptor_{};
    Plugin plugin_{.stamp = Stamp("")};
    PlannedRun run_;
};

TEST_F(OutcomeTest, OneThatFinishedSucceededWhateverCameThen) {
    EpochMetrics second;
    second.epoch = 2;
    says(message::Finished{.seconds = 4.5, .final = second});
    policy.stopping = true;
    end.colocated = true;
    dies(SIGSEGV);
    end.fault = {WorkerFault::StepNotCaptured{}};
    const Outcome outcome = outcome_of(end, policy);
    ASSERT_TRUE(std::holds_alternative<outcome::Succeeded>(outcome));
    EXPECT_EQ(std::get<outcome::Succeeded>(outcome).seconds, 4.5);
    EXPECT_EQ(std::get<outcome::Succeeded>(outcome).final.epoch, 2);
}

TEST_F(OutcomeTest, OneThatPausedIsPreempted) {
    says(message::Paused{});
    EXPECT_TRUE(is<outcome::Preempted>()) << "paused for a longer one, the sweep going on";
    end.fault = {WorkerFault::StepNotCaptured{}};
    EXPECT_TRUE(is<outcome::Preempted>());
}

TEST_F(OutcomeTest, WhatDiesWhileTheSweepStopsIsPreempted) {
    policy.stopping = true;
    dies(SIGKILL);
    EXPECT_TRUE(is<outcome::Preempted>());
    end.has_computed = true;
    EXPECT_TRUE(is<outcome::Preempted>());
}

TEST_F(OutcomeTest, WhileTheSweepStopsAFailureIsBelievedOfAnIsolatedRunOnly) {
    policy.stopping = true;
    says(message::Failed{"no"});
    EXPECT_TRUE(is<outcome::Failed>());
    end.colocated = true;
    EXPECT_TRUE(is<outcome::Preempted>());
}

TEST_F(OutcomeTest, AFailureIsRecordedInItsWords) {
    says(message::Failed{"the loss is not a number"});
    EXPECT_TRUE(is<outcome::Failed>());
    EXPECT_EQ(reason(), "the loss is not a number");
}

TEST_F(OutcomeTest, ThereAreAsManyRetriesAsAsked) {
    says(message::Failed{"no"});
    policy.retries = 2;
    for (const auto& [attempts, is_retried] : {std::pair{1, true}, {2, true}, {3, false}}) {
        end.attempts = attempts;
        EXPECT_EQ(is<outcome::Retry>(), is_retried) << attempts;
    }
    end.attempts = 1;
    EXPECT_EQ(reason(), "no");
}

TEST_F(OutcomeTest, ADeathBeforeTheFirstBatchIsSuspected) {
    dies(SIGILL);
    EXPECT_TRUE(is<outcome::Suspected>());
    EXPECT_EQ(reason(), "plugin 'net' was killed by SIGILL before its first batch");
    end.process = {.how = How::exited, .code = 3};
    EXPECT_TRUE(is<outcome::Suspected>());
    EXPECT_EQ(reason(), "plugin 'net' called exit(3) before its first batch");
    end.has_computed = true;
    EXPECT_TRUE(is<outcome::Failed>());
}

TEST_F(OutcomeTest, ATimeoutBeforeTheFirstBatchIsNoDeath) {
    end.process = {.how = How::timed_out, .output = "", .limit = 2.0};
    EXPECT_TRUE(is<outcome::Failed>());
    EXPECT_EQ(reason(), "plugin 'net' was not done after 2 s (trainer.timeout) before its first batch");
}

/// A worker that returned without a word of the run.
TEST_F(OutcomeTest, AnEarlyEndIsNoDeath) {
    EXPECT_TRUE(is<outcome::Failed>());
    EXPECT_EQ(reason(), "plugin 'net' ended early before its first batch");
}

TEST_F(OutcomeTest, AReasonSaysWhereItWasAndWhatItWrote) {
    dies(SIGSEGV);
    end.has_computed = true;
    end.process.output = "first line\nsecond line";
    end.reached =
        Progress{.epoch = 2, .epochs = 3, .pass = Pass::train, .batch = 5, .batches = 9, .examples = 320, .loss = 0.0};
    EXPECT_TRUE(reason().ends_with(" in epoch 2, after training batch 5 of 9; it wrote: first line | second line"))
        << reason();
    end.reached->pass = Pass::test;
    EXPECT_NE(reason().find("after test batch 5 of 9"), std::string::npos) << reason();
    end.reached->examples = 0;
    EXPECT_NE(reason().find("before its first batch"), std::string::npos) << reason();
}

TEST_F(OutcomeTest, AKilledOneNearItsMemoryLimitIsToldOf) {
    dies(SIGKILL);
    end.memory_limit = 1000 << 20;
    end.memory_limit_name = "trainer.memory_limit";
    const auto tells = [&] { return reason().find("that trainer.memory_limit allows") != std::string::npos; };
    end.memory = 801 << 20;
    EXPECT_TRUE(tells()) << reason();
    end.memory = 799 << 20;
    EXPECT_FALSE(tells()) << reason();
    end.memory = 900 << 20;
    end.process.how = How::exited;
    EXPECT_FALSE(tells()) << reason();
}

// ---- colocated

TEST_F(OutcomeTest, ColocatedNobodyIsBlamed) {
    end.colocated = true;
    end.attempts = 9;
    end.has_computed = true;
    dies(SIGSEGV);
    ASSERT_TRUE(is<outcome::RetryUnblamed>());
    EXPECT_TRUE(std::get<outcome::RetryUnblamed>(outcome_of(end, policy)).isolated);
    says(message::Failed{"odd"});
    ASSERT_TRUE(is<outcome::RetryUnblamed>());
    EXPECT_TRUE(std::get<outcome::RetryUnblamed>(outcome_of(end, policy)).isolated);
}

TEST_F(OutcomeTest, AfterAYoungDeathTheyAreColocatedAgainButForTheOneThatFailed) {
    end.colocated = true;
    end.died_young = true;
    dies(SIGSEGV);
    EXPECT_FALSE(std::get<outcome::RetryUnblamed>(outcome_of(end, policy)).isolated);
    says(message::Failed{"odd"});
    EXPECT_TRUE(std::get<outcome::RetryUnblamed>(outcome_of(end, policy)).isolated);
}

// ---- what ends a worker

TEST_F(OutcomeTest, AStepThatNoGraphHoldsCostsNobodyAnAttempt) {
    end.fault = {WorkerFault::StepNotCaptured{}};
    for (const bool colocated : {false, true}) {
        end.colocated = colocated;
        EXPECT_TRUE(is<outcome::RetryElsewhere>()) << colocated;
    }
    policy.stopping = true;
    EXPECT_TRUE(is<outcome::Preempted>());
}

TEST_F(OutcomeTest, AGpuThatRefusesCostsNobodyAnAttempt) {
    for (const GpuVerdict verdict : {GpuVerdict::taken, GpuVerdict::benched, GpuVerdict::crowded, GpuVerdict::beside}) {
        faults(verdict);
        EXPECT_TRUE(is<outcome::RetryElsewhere>()) << static_cast<int>(verdict);
    }
}

TEST_F(OutcomeTest, AFailureOfItsOwnIsNotTheGpus) {
    faults(GpuVerdict::benched);
    says(message::Failed{"own"});
    EXPECT_TRUE(is<outcome::Failed>());
}

TEST_F(OutcomeTest, WhatARunDidToTheGpuIsBelievedIsolated) {
    faults(GpuVerdict::run);
    says(message::Failed{"an illegal address"});
    EXPECT_TRUE(is<outcome::Failed>());
    end.colocated = true;
    EXPECT_TRUE(is<outcome::RetryUnblamed>());
}

TEST_F(OutcomeTest, TooLargeForAGpuIsItsOwnAlsoInAWorkerForSeveral) {
    faults(GpuVerdict::too_large, GpuFault::Kind::out_of_memory);
    says(message::Failed{"too large"});
    end.colocated = true;
    EXPECT_TRUE(is<outcome::Failed>());
    EXPECT_EQ(reason(), "too large");
}

TEST(MayDieYoung, OnAGpuByADeathOrAFaultThatIsNotOfMemory) {
    const Device gpu{.cuda = true, .index = 0};
    const auto of_gpu = [](GpuVerdict verdict) { return WorkerFault{WorkerFault::OfGpu{.verdict = verdict}}; };
    EXPECT_TRUE(may_die_young({}, gpu, true));
    EXPECT_FALSE(may_die_young({}, gpu, false));
    EXPECT_FALSE(may_die_young({}, {.cuda = false}, true));
    EXPECT_FALSE(may_die_young({WorkerFault::StepNotCaptured{}}, gpu, true));
    for (const GpuVerdict verdict : {GpuVerdict::benched, GpuVerdict::run, GpuVerdict::too_large})
        EXPECT_TRUE(may_die_young(of_gpu(verdict), gpu, false)) << static_cast<int>(verdict);
    for (const GpuVerdict verdict : {GpuVerdict::taken, GpuVerdict::crowded, GpuVerdict::beside})
        EXPECT_FALSE(may_die_young(of_gpu(verdict), gpu, true)) << static_cast<int>(verdict);
}

// ---- whose fault of a GPU

GpuFault busy() { return {GpuFault::Kind::device, 46, "CUDA error: busy or unavailable"}; }
GpuFault no_memory() { return {GpuFault::Kind::out_of_memory, 2, "CUDA out of memory"}; }

TEST(JudgeGpuFault, ABusyGpuIsBadUnlessItMayBeOurs) {
    EXPECT_EQ(judge_gpu_fault(busy(), {}), GpuVerdict::benched);
    EXPECT_EQ(judge_gpu_fault(busy(), {.held_by_us = true}), GpuVerdict::taken);
    EXPECT_EQ(judge_gpu_fault(busy(), {.isolated = true, .held_by_us = true}), GpuVerdict::benched) << "tried once";
}

TEST(JudgeGpuFault, AfterABatchAnErrorIsTheRuns) {
    const GpuFault fault(GpuFault::Kind::device, 719, "CUDA error: unspecified launch failure");
    EXPECT_EQ(judge_gpu_fault(fault, {.has_computed = true}), GpuVerdict::run);
}

TEST(JudgeGpuFault, MemoryIsSharedOutFreshlyTriedOrLacking) {
    EXPECT_EQ(judge_gpu_fault(no_memory(), {.runs = 2}), GpuVerdict::crowded);
    EXPECT_EQ(judge_gpu_fault(no_memory(), {.runs = 2, .processes = 2, .had_other_runs = true}), GpuVerdict::crowded);
    EXPECT_EQ(judge_gpu_fault(no_memory(), {.processes = 2}), GpuVerdict::beside);
    EXPECT_EQ(judge_gpu_fault(no_memory(), {.had_other_runs = true}), GpuVerdict::beside);
    EXPECT_EQ(judge_gpu_fault(no_memory(), {}), GpuVerdict::too_large);
}

}  // namespace
}  // namespace labhost::outcome_test
