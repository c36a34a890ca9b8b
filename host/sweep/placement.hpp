// Where a run starts: how many at once, who shares a process, which GPU. Functions of what the machine has and does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sweep/captures.hpp"
#include "sweep/gpus.hpp"
#include "sweep/run_queue.hpp"
#include "sweep/sweep_options.hpp"
#include "sweep/worker.hpp"
#include "train/device.hpp"

namespace labhost {

/// How many runs there may be at once.
struct RunLimits {
    int jobs = 1;
    int runs_for_a_gpu = 1;
    int processes_for_a_gpu = 1;  ///< that are worth having
};

/// Throws Error (usage) for options that this plan or machine cannot have.
RunLimits limits_of(const Plan& plan, const SweepOptions& options, const Machine& machine);

/// A worker, as far as placing goes.
struct WorkerState {
    std::uint32_t id = 0;
    Device device{};
    const PlannedRun* example{};  ///< of what it trains
    bool is_open = false;         ///< colocated, and runs may still come
    int most_runs = 1;            ///< at once
    int fit = 1;                  ///< of these, by the GPU's memory
    bool is_measured = false;
    bool has_little_to_lose = false;
    bool has_isolated_run = false;
    std::vector<const PlannedRun*> runs{};
};

/// What a decision goes by.
struct MachineState {
    const Machine& machine;
    const SweepOptions& options;
    RunLimits limits{};
    std::vector<WorkerState> workers{};
    std::vector<Device> trials{};  ///< where first steps are tried now
    const Gpus& gpus;
    const Captures& captures;
    const RunQueue& queue;

    int runs() const;
    int runs_on(int gpu) const;
    int processes_on(int gpu) const;
    /// Runs at once, now: one while it is in doubt whether the machine is broken.
    int most_at_once() const { return queue.in_doubt() ? 1 : limits.jobs; }
};

/// Where a run starts.
struct Place {
    std::optional<std::uint32_t> worker{};  ///< nothing: a new one
    Device device{};
    bool colocated = false;
};

/// A run whose first steps are to be tried before it is colocated there.
struct WantedTrial {
    const PlannedRun* run{};
    Device device{};
};

/// Nothing if the task has to wait. What is to be found out meanwhile is added to `trials`.
std::optional<Place> place_for(const Task& task, const MachineState& state, std::vector<WantedTrial>& trials);

/// How many runs may be in a process with this one on the device.
int runs_of_a_process_with(const Task& task, const Device& device, const MachineState& state);

/// Whether its steps are to be captured: they are, unless they are known not to be.
bool captures_graphs(const PlannedRun& run, const Device& device, const Captures& captures);

/// "cuda" names none, as "auto" does.
std::optional<int> named_gpu(const PlannedRun& run);

/// What goes for a new worker for the task. A CPU's has a limit of memory, the machine's where the file has none.
WorkerConfig config_for(const Task& task, const Place& place, const MachineState& state);

}  // namespace labhost
