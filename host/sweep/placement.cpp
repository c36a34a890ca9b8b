#include "sweep/placement.hpp"

#include <algorithm>
#include <numeric>

#include "support/error.hpp"
#include "sweep/schedule.hpp"

namespace labhost {

namespace {

/// In one process, where their kernels overlap, beyond nine to twelve nothing is gained (measured on an H100).
constexpr int most_runs_in_a_process = 12;

bool is_on_gpu(const Plan& plan) {
    return std::ranges::any_of(plan.runs, [](const PlannedRun& run) { return run.device.cuda; });
}

void check_options(const Plan& plan, const SweepOptions& options, const Machine& machine) {
    if (options.per_gpu && !is_on_gpu(plan))
        throw Error(ExitCode::usage, "labhost: error: --per-gpu: no run of this experiment is on a GPU; give --jobs");
    if (options.per_process.value_or(1) <= 1) return;
    if (std::ranges::any_of(plan.runs, [](const PlannedRun& run) {
            return !run.device.cuda && run.settings.trainer.numerics == Numerics::fast;
        }))
        throw Error(
            ExitCode::usage,
            "labhost: error: --per-process: on a CPU, the kernels of numerics = \"fast\" are a process's, so that "
            "each run needs its own; leave it out");
    if (is_on_gpu(plan) && !machine.shares_gpus)
        throw Error(
            ExitCode::usage,
            "labhost: error: --per-process: several runs of a process need LibTorch 2.4 or later on a GPU; leave "
            "it out, and each run has a process");
}

int gpus_of(const Machine& machine) { return std::max(1, static_cast<int>(machine.gpus.size())); }

/// Each worker keeps a core busy with launching, and processes take turns on a GPU rather than overlap.
int processes_for_a_gpu(const Machine& machine) {
    constexpr int most = 4;
    return std::clamp(machine.cores / gpus_of(machine), 1, most);
}

int runs_for_a_gpu(const SweepOptions& options, const Machine& machine) {
    if (options.per_gpu) return *options.per_gpu;
    const bool shared = options.per_process.value_or(most_runs_in_a_process) > 1 && machine.shares_gpus;
    return shared ? most_runs_in_a_process : processes_for_a_gpu(machine);
}

bool could_take(const WorkerState& worker, const Device& device, const Task& task) {
    return worker.is_open && worker.device.text() == device.text() && can_share_a_process(*worker.example, *task.run);
}

bool has_a_run_alone(const MachineState& state, int gpu) {
    return std::ranges::any_of(state.workers, [&](const WorkerState& worker) {
        return worker.has_isolated_run && worker.device.cuda && worker.device.index == gpu;
    });
}

bool is_tried_on(const MachineState& state, const Device& device) {
    return std::ranges::any_of(state.trials, [&](const Device& trial) { return trial.text() == device.text(); });
}

/// Whether a run of the plugin trains there already, which will tell.
bool plugin_trains_on(const MachineState& state, const Device& device, const Task& task) {
    return std::ranges::any_of(state.workers, [&](const WorkerState& worker) {
        return worker.device.text() == device.text() && std::ranges::any_of(worker.runs, [&](const PlannedRun* run) {
                   return run->plugin->sha256 == task.run->plugin->sha256;
               });
    });
}

/// The place in a worker that is there, nothing if there is none; `wait`: there will be one soon.
std::optional<Place> place_beside_others(const Task& task, const Device& device, const MachineState& state, bool& wait,
                                         std::vector<WantedTrial>& trials) {
    const bool is_known = !device.cuda || state.captures.verdict_on(*task.run, device).has_value();
    bool tries_itself = false;
    for (const WorkerState& worker : state.workers) {
        if (!could_take(worker, device, task)) continue;
        const int runs = static_cast<int>(worker.runs.size());
        wait |= runs < worker.most_runs;
        tries_itself |= wait && worker.has_little_to_lose;
        if (runs >= std::min(worker.most_runs, worker.fit)) continue;
        if (runs > 0 && !worker.has_little_to_lose && !is_known) {
            trials.push_back({task.run, device});
            continue;
        }
        return Place{.worker = worker.id, .device = device, .colocated = true};
    }
    // Rather than for another process the run waits; what can be found out meanwhile, is.
    if (wait && !tries_itself && !is_known && !plugin_trains_on(state, device, task))
        trials.push_back({task.run, device});
    return std::nullopt;
}

std::optional<Place> place_on(const Device& device, const Task& task, const MachineState& state,
                              std::vector<WantedTrial>& trials) {
    const int together = runs_of_a_process_with(task, device, state);
    int places = state.most_at_once() - state.runs();
    if (device.cuda) {
        const int at_once = state.options.jobs ? state.limits.jobs : state.limits.runs_for_a_gpu;
        places = std::min(places, state.gpus.most_runs(device.index, at_once) - state.runs_on(device.index));
        if (places < 1 || has_a_run_alone(state, device.index)) return std::nullopt;
        if (task.isolated && (state.processes_on(device.index) > 0 || is_tried_on(state, device))) return std::nullopt;
    }
    if (together > 1) {
        bool wait = false;
        if (auto place = place_beside_others(task, device, state, wait, trials)) return place;
        if (wait) return std::nullopt;
    }
    const int waiting = static_cast<int>(state.queue.waiting().size());
    if (device.cuda) {
        GpuLoad load{.processes = state.processes_on(device.index), .most_processes = state.limits.processes_for_a_gpu};
        if (state.options.jobs || state.options.per_gpu)  // as was asked
            load.most_processes = std::max(state.limits.jobs, state.limits.runs_for_a_gpu);
        if (!gpu_takes_a_process(load, places, together, waiting)) return std::nullopt;
    }
    const bool colocated = together > 1 && std::ranges::any_of(state.queue.waiting(), [&](const Task& other) {
                               return other.run != task.run && can_share_a_process(*task.run, *other.run) &&
                                      runs_of_a_process_with(other, device, state) > 1;
                           });
    return Place{.worker = {}, .device = device, .colocated = colocated};
}

}  // namespace

RunLimits limits_of(const Plan& plan, const SweepOptions& options, const Machine& machine) {
    check_options(plan, options, machine);
    RunLimits limits{.runs_for_a_gpu = runs_for_a_gpu(options, machine),
                     .processes_for_a_gpu = processes_for_a_gpu(machine)};
    int threads = 1;
    for (const PlannedRun& run : plan.runs) threads = std::max(threads, run.settings.trainer.threads);
    const int by_default =
        is_on_gpu(plan) ? gpus_of(machine) * limits.runs_for_a_gpu : std::max(1, machine.cores / threads);
    limits.jobs = options.jobs.value_or(by_default);
    return limits;
}

int MachineState::runs() const {
    return std::accumulate(workers.begin(), workers.end(), 0, [](int sum, const WorkerState& worker) {
        return sum + static_cast<int>(worker.runs.size());
    });
}

int MachineState::runs_on(int gpu) const {
    int sum = 0;
    for (const WorkerState& worker : workers)
        if (worker.device.cuda && worker.device.index == gpu) sum += static_cast<int>(worker.runs.size());
    return sum;
}

int MachineState::processes_on(int gpu) const {
    return static_cast<int>(std::ranges::count_if(
        workers, [&](const WorkerState& worker) { return worker.device.cuda && worker.device.index == gpu; }));
}

std::optional<int> named_gpu(const PlannedRun& run) {
    return run.settings.trainer.device.starts_with("cuda:") ? std::optional(run.device.index) : std::nullopt;
}

bool captures_graphs(const PlannedRun& run, const Device& device, const Captures& captures) {
    const auto verdict = captures.verdict_on(run, device);
    return !verdict || verdict->captured;
}

int runs_of_a_process_with(const Task& task, const Device& device, const MachineState& state) {
    const PlannedRun& run = *task.run;
    const TrainerSettings& trainer = run.settings.trainer;
    // The memory of a process is limited, not that of a run; without graphs a run keeps a core busy.
    if (task.isolated || state.options.profile || trainer.memory_limit || state.queue.has_duplicates(run) ||
        state.queue.finished_duplicate(run) || state.captures.needs_own_process(*run.plugin))
        return 1;
    const int at_once = run.device.cuda && !state.options.jobs ? state.limits.runs_for_a_gpu : state.limits.jobs;
    int most = 1;
    if (run.device.cuda) {
        if (state.machine.shares_gpus && captures_graphs(run, device, state.captures))
            most = state.options.per_process.value_or(at_once);
    } else if (trainer.numerics != Numerics::fast) {  // its kernels are the process's
        most = state.options.per_process.value_or(1);
    }
    return std::min({most, at_once, static_cast<int>(most_runs_of_a_worker)});
}

std::optional<Place> place_for(const Task& task, const MachineState& state, std::vector<WantedTrial>& trials) {
    if (state.runs() >= state.most_at_once()) return std::nullopt;
    if (!task.run->device.cuda) return place_on(task.run->device, task, state, trials);
    std::vector<int> runs;
    for (int index = 0; index < static_cast<int>(state.gpus.count()); ++index) runs.push_back(state.runs_on(index));
    const std::vector<int> candidates = state.gpus.to_try(runs, named_gpu(*task.run));
    // One that starts faster does not take what is another's share.
    const bool one_begins = std::ranges::any_of(state.workers, [&](const WorkerState& worker) {
        return worker.device.cuda && worker.is_open && !worker.is_measured &&
               std::ranges::find(candidates, worker.device.index) != candidates.end();
    });
    const int waiting = static_cast<int>(state.queue.waiting().size());
    const int share =
        share_of_a_gpu(std::accumulate(runs.begin(), runs.end(), waiting), static_cast<int>(candidates.size()));
    for (const int index : candidates) {
        if (one_begins && runs[static_cast<std::size_t>(index)] >= share) continue;
        if (auto place = place_on({.cuda = true, .index = index}, task, state, trials)) return place;
    }
    return std::nullopt;
}

WorkerConfig config_for(const Task& task, const Place& place, const MachineState& state) {
    const TrainerSettings& trainer = task.run->settings.trainer;
    WorkerConfig config{.device = place.device,
                        .colocated = place.colocated,
                        .graphs = !place.device.cuda || captures_graphs(*task.run, place.device, state.captures),
                        .profile = state.options.profile,
                        .memory_limit_name = {},
                        .timeout = place.colocated ? std::nullopt : trainer.timeout};
    if (state.machine.memory == 0) return config;
    if (trainer.memory_limit) {
        config.memory_limit = *trainer.memory_limit;
        config.memory_limit_name = "trainer.memory_limit";
    } else if (!config.device.cuda) {
        // Without end, an allocation would take the whole machine down with it.
        config.memory_limit = state.machine.memory;
        config.memory_limit_name = "nine tenths of this machine's memory";
    }
    return config;
}

}  // namespace labhost
