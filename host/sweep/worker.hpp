// A worker process: trains one run, or several in turns, each from its beginning or its checkpoint, and tells the
// supervisor how it goes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "record/run_lock.hpp"
#include "support/child.hpp"
#include "sweep/plan.hpp"

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

/// What the worker says of a run. After `paused`, `not_captured`, `finished`, `failed` or `storage_fault` nothing more comes.
struct WorkerListener {
    std::function<void(const Resumed&)> resumed{};
    std::function<void(const Progress&)> progressed{};
    std::function<void(const EpochMetrics&)> epoch_finished{};
    std::function<void(std::string_view)> warned{};
    std::function<void()> paused{};                   ///< its checkpoint is written
    /// Why; the run goes on in another worker, without graphs, and so do those beside it, of which nothing more comes.
    std::function<void(std::string_view)> not_captured{};
    std::function<void(const Finished&)> finished{};
    std::function<void(std::string_view)> failed{};   ///< the reason
    std::function<void(std::string_view)> storage_fault{};
};

/// Hands a message of a worker to the listener of the run that it is about.
void hear_worker(std::string_view message, const std::vector<WorkerListener>& listeners);

/// A run that a worker is to train.
struct WorkerRun {
    const PlannedRun* run{};
    bool anew = false;             ///< from the beginning, whatever there is
    std::filesystem::path twin{};  ///< a finished run with the same fingerprint: its numbers are taken
};

/// What goes for all runs of a worker.
struct WorkerOrders {
    Device device{};
    std::uint64_t memory_limit = 0;   ///< bytes; 0: none
    std::string memory_limit_name{};  ///< "trainer.memory_limit"
    bool graphs = true;               ///< on a GPU, steps are captured as CUDA graphs
    bool profile = false;             ///< leaves profile.txt and trace.json in the run's folder
};

constexpr std::size_t most_runs_of_a_worker = 32;  ///< LibTorch has as many streams for a GPU

/// The body of the worker: leaves checkpoint, metrics, log and weights in each run's folder, but no result. Several runs
/// (of the same device and TrainerSettings but for the optimizer's) take turns of a few steps; each gives what it gives alone. On SIGUSR1 it
/// writes checkpoints after the next steps and ends.
void work(const Plan& plan, const std::vector<WorkerRun>& runs, const WorkerOrders& orders, RunLocks& locks,
          const Outbox& outbox);

}  // namespace labhost
