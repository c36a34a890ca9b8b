// Which run is paused so that no long tail is left.
#include <gtest/gtest.h>

#include <vector>

#include "sweep/schedule.hpp"

namespace labhost::schedule_test {
namespace {

using Seconds = std::vector<double>;

/// The makespan of equal runs on workers that follow the rule, second by second.
double makespan(std::size_t runs, double length, std::size_t jobs) {
    Seconds running;
    Seconds waiting(runs, length);
    for (double now = 0.0;; now += 1.0) {
        while (running.size() < jobs && !waiting.empty()) {
            const auto longest = std::ranges::max_element(waiting);
            running.push_back(*longest);
            waiting.erase(longest);
        }
        if (running.empty()) return now;
        if (const auto chosen = run_to_pause(running, waiting, static_cast<int>(jobs))) {
            const double paused = running[*chosen];
            const auto longest = std::ranges::max_element(waiting);
            running[*chosen] = *longest;
            *longest = paused;
        }
        for (double& left : running) left -= 1.0;
        std::erase_if(running, [](double left) { return left <= 0.0; });
    }
}

TEST(Schedule, NineEqualRunsOnTwoWorkersLeaveNoTail) {
    EXPECT_LE(makespan(9, 60.0, 2), 271.0);  // 4.5 runs, where 5 would be 300
    EXPECT_LE(makespan(3, 60.0, 2), 91.0);
    EXPECT_LE(makespan(5, 60.0, 4), 76.0);
    EXPECT_EQ(makespan(8, 60.0, 2), 240.0);
}

TEST(Schedule, NothingIsPausedWhileTheWaitingCanFollow) {
    EXPECT_EQ(run_to_pause(Seconds{50, 60}, Seconds{60, 60, 60}, 2), std::nullopt);
    EXPECT_EQ(run_to_pause(Seconds{50, 60}, Seconds{}, 2), std::nullopt);
    EXPECT_EQ(run_to_pause(Seconds{50}, Seconds{60}, 2), std::nullopt) << "a worker is free";
    EXPECT_EQ(run_to_pause(Seconds{30, 30}, Seconds{60}, 2), 0U);
    EXPECT_EQ(run_to_pause(Seconds{59, 59}, Seconds{60}, 2), std::nullopt) << "nothing to be gained";
}

TEST(Schedule, PaceIsThatOfTheModelThenOfAllThenUnknown) {
    Throughput pace;
    EXPECT_EQ(pace.seconds("net", 100.0), 100.0);
    pace.add("net", 100.0, 10.0);
    pace.add("net2", 100.0, 30.0);
    EXPECT_EQ(pace.seconds("net", 50.0), 5.0);
    EXPECT_EQ(pace.seconds("net3", 50.0), 10.0);
}

TEST(GpuPlaces, AnEmptyGpuAlwaysTakesAProcess) {
    for (int at_once = 1; at_once <= 20; ++at_once)
        for (int together = 1; together <= 40; ++together)
            for (int waiting = 1; waiting <= 40; ++waiting)
                EXPECT_TRUE(gpu_takes_a_process({}, at_once, together, waiting));
}

TEST(GpuPlaces, AnotherProcessIsMadeForHalfAGpuOrForAllThatWaits) {
    const GpuLoad one_process{.processes = 1, .most_processes = 4};
    EXPECT_FALSE(gpu_takes_a_process(one_process, 1, 16, 5));  // one of 16 has ended
    EXPECT_FALSE(gpu_takes_a_process(one_process, 7, 16, 8));
    EXPECT_TRUE(gpu_takes_a_process(one_process, 8, 16, 20));
    EXPECT_TRUE(gpu_takes_a_process(one_process, 1, 16, 1));  // the last one
    EXPECT_TRUE(gpu_takes_a_process(one_process, 1, 1, 5));   // a process each
    EXPECT_FALSE(gpu_takes_a_process(one_process, 0, 1, 5));
}

TEST(GpuPlaces, FewProcesses) { EXPECT_FALSE(gpu_takes_a_process({.processes = 4, .most_processes = 4}, 12, 1, 5)); }

TEST(GpuPlaces, RunsShareAProcessThatNeedTheSameOfIt) {
    PlannedRun one;
    PlannedRun other;
    other.settings.trainer.optimizer.written.set("lr", 0.5);
    EXPECT_TRUE(can_share_a_process(one, other));
    const auto differs_by = [&](auto change) {
        PlannedRun changed;
        change(changed);
        EXPECT_FALSE(can_share_a_process(one, changed));
    };
    differs_by([](PlannedRun& run) { run.settings.trainer.threads = 7; });
    differs_by([](PlannedRun& run) { run.settings.trainer.deterministic = !run.settings.trainer.deterministic; });
    differs_by([](PlannedRun& run) { run.settings.trainer.numerics = Numerics::fast; });
    differs_by([](PlannedRun& run) { run.settings.trainer.precision = Precision::bf16; });
    differs_by([](PlannedRun& run) { run.settings.trainer.timeout = 1.0; });
    differs_by([](PlannedRun& run) { run.device = {.cuda = true, .index = 1}; });
}

}  // namespace
}  // namespace labhost::schedule_test
