// Executes a plan, run after run, each in a worker process, and records what comes out.
#pragma once

#include <cstddef>

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

    /// `index` counts the plan's runs from 1.
    virtual void run_started(const PlannedRun& run, std::size_t index, std::size_t total) = 0;
    virtual void progressed(const Progress& progress) = 0;
    virtual void epoch_finished(const EpochMetrics& metrics) = 0;
    /// `run.result` says how; also called, without run_started, for a run that was finished before.
    virtual void run_ended(const PlannedRun& run, bool was_finished) = 0;
};

/// Runs what is not finished (with `force`: everything), in the plan's order, and updates status and result of each.
/// Each trains in a process of its own: one that fails, crashes or exits is recorded and the next one begins. Throws
/// StorageError if records cannot be written, and StopError on SIGINT or SIGTERM; the run it happened in is left
/// without result.json.
void execute(Plan& plan, bool force, SweepObserver& observer);

}  // namespace labhost
