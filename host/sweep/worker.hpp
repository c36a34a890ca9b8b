// A worker process: trains the runs that the supervisor tells it, one, or several in turns, each from its beginning or
// its checkpoint, and tells how it goes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/run_lock.hpp"
#include "support/child.hpp"
#include "sweep/gpus.hpp"
#include "sweep/plan.hpp"
#include "train/capture_verdict.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// Where a run goes on, and what was known of it then.
struct Resumed {
    Progress at{};
    double seconds = 0.0;  ///< of the sessions before
    bool has_final = false;
    EpochMetrics final{};  ///< of the last epoch that is done, if one is
};

/// How a run finished.
struct Finished {
    double seconds = 0.0;  ///< of all sessions
    EpochMetrics final{};  ///< of the last epoch
};

/// What the worker says of a run. After `paused`, `not_captured`, `gpu_fault`, `finished`, `failed` or `storage_fault`
/// nothing more comes.
struct WorkerListener {
    std::function<void(const Resumed&)> resumed{};
    std::function<void(const Progress&)> progressed{};
    std::function<void(const EpochMetrics&)> epoch_finished{};
    std::function<void(std::string_view)> warned{};
    std::function<void()> captured{};                       ///< its training steps are replayed from now on
    std::function<void(const MeasuredMemory&)> measured{};  ///< once they are, and after its first epoch
    std::function<void()> paused{};                         ///< its checkpoint is written
    /// Why; the run goes on in another worker, without graphs, and so do those beside it, of which nothing more comes.
    std::function<void(std::string_view)> not_captured{};
    std::function<void(const GpuFault&)> gpu_fault{};  ///< likewise the end of this worker
    std::function<void(const Finished&)> finished{};
    std::function<void(std::string_view)> failed{};  ///< the reason
    std::function<void(std::string_view)> storage_fault{};
};

/// Hands a message of a worker to the listener of the run that it is about; `listener_of` a run's number gives null if
/// that run is over.
void hear_worker(std::string_view message,
                 const std::function<const WorkerListener*(std::uint32_t number)>& listener_of);

/// A run that a worker is to train.
struct WorkerRun {
    std::uint32_t number = 0;              ///< by which the worker speaks of it: another one for each run of its life
    std::size_t index = 0;                 ///< in the plan, from 0
    bool anew = false;                     ///< from the beginning, whatever there is
    std::filesystem::path duplicate_of{};  ///< a finished run with the same fingerprint: its numbers are taken
};

/// What a worker is told: a run to train, beside those it has; or that no more come.
std::string to_message(const WorkerRun& run);
std::string no_more_runs();

/// What goes for all runs of a worker.
struct WorkerOrders {
    Device device{};
    std::uint64_t memory_limit = 0;   ///< bytes; 0: none
    std::string memory_limit_name{};  ///< "trainer.memory_limit"
    bool graphs = true;               ///< on a GPU, steps are captured as CUDA graphs
    bool colocated = false;           ///< it may have several runs at once
    bool profile = false;             ///< leaves profile.txt and trace.json in the run's folder
};

constexpr std::size_t most_runs_of_a_worker = 32;  ///< at once: LibTorch has as many streams for a GPU

/// The body of the worker: leaves checkpoint, metrics, log and weights in each run's folder, but no result. It takes
/// runs from `inbox` as they come, and ends when it has none and no more come. With `colocated` several (of the same
/// device and TrainerSettings but for the optimizer's) take turns of a few steps; each gives what it gives alone. On
/// SIGUSR1 it writes checkpoints after the next steps and ends.
void work(const Plan& plan, const WorkerOrders& orders, RunLocks& locks, const Outbox& outbox, Inbox& inbox);

/// Whether a run's plugin can be in company: the first steps of the run, in a process of their own, which write
/// nothing.
struct ProbeListener {
    std::function<void(const CaptureVerdict&)> judged{};  ///< nothing is said where that cannot be told
    std::function<void(const GpuFault&)> gpu_fault{};
    std::function<void(std::string_view)> failed{};
};
void probe(const PlannedRun& run, const Device& device, const Outbox& outbox);
void hear_probe(std::string_view message, const ProbeListener& listener);

}  // namespace labhost
