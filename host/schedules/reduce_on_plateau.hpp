// ReduceLROnPlateau: times factor after more than `patience` epochs without a better metric.
#pragma once

#include <optional>
#include <span>

#include "schedules/schedule.hpp"

namespace labhost::schedules {

/// Arguments are torch's; mode is "min" or "max". Better is better by `threshold`, strictly; NaN never is.
class ReduceOnPlateau : public Schedule {
public:
    /// Throws Error (usage) for what torch refuses.
    explicit ReduceOnPlateau(const Arguments& arguments);

    /// Throws Error (run failed) without a metric.
    void step(std::span<GroupRates> groups, std::optional<double> metric) override;
    ScheduleState state() const override;
    void restore(const ScheduleState& state) override;

private:
    bool is_better(double metric) const;
    void reduce(std::span<GroupRates> groups) const;

    bool min_;
    bool relative_;
    double factor_;
    double patience_;
    double threshold_;
    double cooldown_;
    double min_lr_;
    double eps_;
    double best_;
    double bad_epochs_ = 0.0;
    double cooldown_counter_ = 0.0;  ///< epochs in which none is bad, after a reduction
};

}  // namespace labhost::schedules
