#include "schedules/reduce_on_plateau.hpp"

#include <algorithm>
#include <limits>

#include "schedules/epoch_schedule.hpp"
#include "support/error.hpp"

namespace labhost::schedules {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

ReduceOnPlateau::ReduceOnPlateau(const Arguments& arguments)
    : min_(arguments.text("mode") == "min"),
      relative_(arguments.text("threshold_mode") == "rel"),
      factor_(arguments.number("factor")),
      patience_(static_cast<double>(arguments.integer("patience"))),
      threshold_(arguments.number("threshold")),
      cooldown_(static_cast<double>(arguments.integer("cooldown"))),
      min_lr_(arguments.number("min_lr")),
      eps_(arguments.number("eps")),
      best_(min_ ? infinity : -infinity) {
    require(factor_ < 1.0, "reduce_on_plateau", "factor must be below 1");
    require(min_ || arguments.text("mode") == "max", "reduce_on_plateau", "mode must be \"min\" or \"max\"");
    require(relative_ || arguments.text("threshold_mode") == "abs", "reduce_on_plateau",
            "threshold_mode must be \"rel\" or \"abs\"");
}

void ReduceOnPlateau::step(std::span<GroupRates> groups, std::optional<double> metric) {
    if (!metric) throw Error(ExitCode::run_failed, "schedule reduce_on_plateau: a step without a metric");
    if (is_better(*metric)) {
        best_ = *metric;
        bad_epochs_ = 0.0;
    } else {
        bad_epochs_ += 1.0;
    }
    if (cooldown_counter_ > 0.0) {
        cooldown_counter_ -= 1.0;
        bad_epochs_ = 0.0;
    }
    if (bad_epochs_ > patience_) {
        reduce(groups);
        cooldown_counter_ = cooldown_;
        bad_epochs_ = 0.0;
    }
}

bool ReduceOnPlateau::is_better(double metric) const {
    if (min_) return metric < (relative_ ? best_ * (1.0 - threshold_) : best_ - threshold_);
    return metric > (relative_ ? best_ * (threshold_ + 1.0) : best_ + threshold_);
}

void ReduceOnPlateau::reduce(std::span<GroupRates> groups) const {
    for (GroupRates& group : groups) {
        const double lr = std::max(group.lr * factor_, min_lr_);
        if (group.lr - lr > eps_) group.lr = lr;
    }
}

ScheduleState ReduceOnPlateau::state() const {
    return {{"best", {best_}}, {"num_bad_epochs", {bad_epochs_}}, {"cooldown_counter", {cooldown_counter_}}};
}

void ReduceOnPlateau::restore(const ScheduleState& state) {
    best_ = saved(state, "best", 1).front();
    bad_epochs_ = saved(state, "num_bad_epochs", 1).front();
    cooldown_counter_ = saved(state, "cooldown_counter", 1).front();
}

}  // namespace labhost::schedules
