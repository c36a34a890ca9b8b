// Executes a plan: several runs at once, each in a worker process, and records what comes out.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "sweep/plan.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// Is told what happens; the terminal's view of a sweep.
class SweepObserver {
public:
    SweepObserver() = default;
    virtual ~SweepObserver() = default;
    SweepObserver(const SweepObserver&) = delete;
    SweepObserver& operator=(const SweepObserver&) = delete;
    SweepObserver(SweepObserver&&) = delete;
    SweepObserver& operator=(SweepObserver&&) = delete;

    /// Before anything starts: of the plan's `total` runs, `to_train` will be trained, up to `jobs` at once.
    virtual void sweep_started(const Plan& plan, std::size_t to_train, int jobs) = 0;
    /// `index` counts the plan's runs from 1. `from`: where it goes on, if it was begun before.
    virtual void run_started(const PlannedRun& run, std::size_t index, std::size_t total,
                             const std::optional<Progress>& from) = 0;
    virtual void progressed(const PlannedRun& run, const Progress& progress) = 0;
    virtual void epoch_finished(const PlannedRun& run, const EpochMetrics& metrics) = 0;
    /// It stopped, to go on later; `run.status` says whether from a checkpoint.
    virtual void run_paused(const PlannedRun& run) = 0;
    /// `run.result` says how; also called, without run_started, for a run that was finished before.
    virtual void run_ended(const PlannedRun& run, bool was_finished) = 0;
    /// A line of text for people: a warning, or what a plugin wrote (then `run` is its run, else null).
    virtual void message(const PlannedRun* run, std::string_view line) = 0;
    /// Called about twenty times a second: time to redraw.
    virtual void tick() = 0;
};

struct SweepOptions {
    std::optional<int>
        jobs{};  ///< runs at once; nothing: as many as there are cores for their threads, or on GPUs per_gpu
    std::optional<int> per_gpu{};  ///< runs at once on each GPU, at most; nothing: see `per_process`
    /// Up to so many runs share a worker process and take turns in it; as one ends, another takes its place. Nothing:
    /// on a CPU one; on a GPU, where their kernels then overlap, all that it has at once: twelve, or as many as its
    /// memory holds, measured once the first has captured its steps. Where LibTorch (before 2.4) cannot do that, one,
    /// and on a GPU its share of the cores at once, up to four.
    std::optional<int> per_process{};
    int retries = 0;         ///< of each run that fails
    bool fail_fast = false;  ///< the first failure ends the sweep
    bool force = false;      ///< every run from its beginning, whatever is there
    bool profile = false;    ///< each run that trains says where its time went
};

/// Runs what is not finished, the longest first, and updates status and result of each. What a run gives does not
/// depend on what runs beside it. A run that fails, crashes, exits, hangs beyond its limit or takes too much memory is
/// recorded and costs no other: what goes wrong in a process that several runs share is tried again in one each. A run
/// that another process trains is left to it, and its result awaited.
///
/// A GPU that is out of order takes no more runs, and costs none of them: they go on on another one. Where its memory
/// ran out, half as many go on together from their checkpoints; alone, it is the run's failure. Runs for which no GPU
/// is left stay unfinished: that is said, and if no GPU at all is left, thrown (Error).
///
/// Stops early, the running ones having written checkpoints: on SIGINT, SIGTERM or SIGUSR1 (throws StopError), when
/// records cannot be written (StorageError), when workers die one after another before their first batch, as they do on
/// a broken machine (Error), and at a failure with `fail_fast` (returns).
void execute(Plan& plan, const SweepOptions& options, SweepObserver& observer);

}  // namespace labhost
