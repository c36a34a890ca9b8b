// A worker process: trains the runs that the supervisor tells it, one, or several in turns, each from its beginning or
// its checkpoint, and tells how it goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "record/run_lock.hpp"
#include "support/child.hpp"
#include "sweep/plan.hpp"

namespace labhost {

/// What goes for all runs of a worker.
struct WorkerConfig {
    Device device{};
    bool colocated = false;           ///< it may have several runs at once
    bool graphs = true;               ///< on a GPU, steps are captured as CUDA graphs
    bool profile = false;             ///< leaves profile.txt and trace.json in the run's folder
    std::uint64_t memory_limit = 0;   ///< bytes; 0: none
    std::string memory_limit_name{};  ///< "trainer.memory_limit"
    std::optional<double> timeout{};  ///< seconds, of one that is isolated
};

constexpr std::size_t most_runs_of_a_worker = 32;  ///< at once: LibTorch has as many streams for a GPU

/// [worker] The body of the process: leaves checkpoint, metrics, log and weights in each run's folder, but no result.
/// It takes runs from `inbox` as they come, and ends when it has none and no more come. Colocated, several (of the same
/// device and TrainerSettings but for the optimizer's) take turns of a few steps; each gives what it gives alone. On
/// SIGUSR1 it writes checkpoints after the next steps and ends.
void work(const Plan& plan, const WorkerConfig& config, RunLocks& locks, const Outbox& outbox, Inbox& inbox);

/// [child] Whether a run's plugin can be colocated: takes the first steps of the run and writes nothing. Says
/// message::Captured, NotCaptured, GpuFaulted or Failed, or nothing where that cannot be told.
void try_first_steps(const PlannedRun& run, const Device& device, const Outbox& outbox);

}  // namespace labhost
