// Which run next, and where: the longest first, no long tail at the end, and who shares a process.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "sweep/plan.hpp"

namespace labhost {

/// As workers see it (WorkerPool::now).
using SweepTime = std::chrono::steady_clock::time_point;

inline double seconds_between(SweepTime from, SweepTime to) { return std::chrono::duration<double>(to - from).count(); }

/// Work of a run in training images: a test image costs about a third of one, having no backward pass.
double work_of(const PlannedRun& run);
/// The part of it that is done at this point.
double work_done(const PlannedRun& run, const Progress& at);

/// What work costs, as seen so far in this sweep.
class Throughput {
public:
    void add(const std::string& model, double work, double seconds);
    /// Seconds that this work of the model is expected to take: by its own pace, else by all models', else nothing
    /// known: as many as there are images, so that runs still compare.
    double seconds(const std::string& model, double work) const;

private:
    struct Sum {
        double work = 0.0;
        double seconds = 0.0;
    };
    std::map<std::string, Sum> models_;
    Sum all_;
};

/// The running run to pause in favour of the longest that waits, if there is one; both are seconds that are left.
///
/// No schedule of these runs on `jobs` workers can end before `ideal`, the sum of what is left over `jobs`. A waiting
/// run that would itself take that long must run from now on, or it becomes the tail; the one nearest its end can wait
/// (McNaughton's rule: with interruptions the ideal is reached). So nine equal runs on two workers take 4.5 runs' time,
/// not 5, with one interruption.
std::optional<std::size_t> run_to_pause(std::span<const double> running, std::span<const double> waiting, int jobs);

/// Whether two runs may share a process: what LibTorch keeps for a whole process is the same for both, and both have a
/// time limit or neither.
bool can_share_a_process(const PlannedRun& one, const PlannedRun& other);

/// What a GPU has to do.
struct GpuLoad {
    int processes = 0;
    int most_processes = 1;  ///< that are worth having: they take turns rather than overlap
};

/// Whether a GPU with `places` more runs to take should get another process, of up to `together` of `waiting` runs: one
/// that fills half of that at least, unless there is no process yet, so that not each run that ends is followed by a
/// process of one.
bool gpu_takes_a_process(const GpuLoad& load, int places, int together, int waiting);

/// The part of `seconds` that counts for the time limit of one of `beside` runs of a process, which take turns: its own
/// share.
double own_share(double seconds, std::size_t beside);

}  // namespace labhost
