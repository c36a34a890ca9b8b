// A sweep as plain lines that stay: one per epoch, and one for each run that fails, goes on or was finished before.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sweep/execute.hpp"

namespace labhost {

class ProgressLines : public SweepObserver {
public:
    void sweep_started(const Plan& plan, std::size_t to_train, int jobs) override;
    void run_started(const PlannedRun& run, std::size_t index, std::size_t total,
                     const std::optional<Progress>& from) override;
    void progressed(const PlannedRun& run, const Progress& progress) override;
    void epoch_finished(const PlannedRun& run, const EpochMetrics& metrics) override;
    void run_paused(const PlannedRun& run) override;
    void run_ended(const PlannedRun& run, bool was_finished) override;
    void message(const PlannedRun* run, std::string_view line) override;
    void tick() override;

protected:
    /// Shows a line (without its line break) for good.
    virtual void print_line(const std::string& line);

private:
    /// "[1/9] net-s1", or "net-s1" for a run that has not started.
    std::string name(const PlannedRun& run) const;

    std::map<const PlannedRun*, std::string> places_;  ///< "[1/9] " of each run that has started and not ended
    bool finished_before_are_summed_up_ = false;
};

}  // namespace labhost
