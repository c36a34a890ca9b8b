// A run's worker process: trains the run from its beginning or its checkpoint, and tells the supervisor how it goes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

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

/// What the worker says. After `paused`, `not_captured`, `finished`, `failed` or `storage_fault` nothing more comes.
struct WorkerListener {
    std::function<void(const Resumed&)> resumed{};
    std::function<void(const Progress&)> progressed{};
    std::function<void(const EpochMetrics&)> epoch_finished{};
    std::function<void(std::string_view)> warned{};
    std::function<void()> paused{};                   ///< its checkpoint is written
    std::function<void(std::string_view)> not_captured{};  ///< why; the run goes on in another worker, without graphs
    std::function<void(const Finished&)> finished{};
    std::function<void(std::string_view)> failed{};   ///< the reason
    std::function<void(std::string_view)> storage_fault{};
};

/// Hands a message of a worker to the listener.
void hear_worker(std::string_view message, const WorkerListener& listener);

/// What a worker needs besides the run.
struct WorkerOrders {
    Device device{};
    bool anew = false;                ///< from the beginning, whatever there is
    std::filesystem::path twin{};     ///< a finished run with the same fingerprint: its numbers are taken
    std::uint64_t memory_limit = 0;   ///< bytes; 0: none
    std::string memory_limit_name{};  ///< "trainer.memory_limit"
    bool graphs = true;               ///< on a GPU, steps are captured as CUDA graphs
    bool profile = false;             ///< leaves profile.txt and trace.json in the run's folder
};

/// The body of the worker: leaves checkpoint, metrics, log and weights in the run's folder, but no result. On SIGUSR1 it
/// writes a checkpoint after the next step and ends.
void work(const Plan& plan, const PlannedRun& run, const WorkerOrders& orders, RunLocks& locks, const Outbox& outbox);

}  // namespace labhost
