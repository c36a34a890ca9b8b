// What a sweep tells of itself: the terminal's view of it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "sweep/plan.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// [supervisor] Is told what happens.
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

}  // namespace labhost
