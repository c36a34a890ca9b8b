#include "schedules/epoch_schedule.hpp"

#include <fmt/format.h>

#include "support/error.hpp"

namespace labhost::schedules {

EpochSchedule::EpochSchedule(const ScheduleSetup& setup) : torch_(setup.context.torch) {
    for (std::size_t i = 0; i < setup.groups.size(); ++i) {
        std::optional<double>& initial_lr = (*setup.bounds)[i].initial_lr;
        if (!initial_lr) initial_lr = setup.groups[i].lr;
        base_lrs_.push_back(*initial_lr);
    }
}

void EpochSchedule::step(std::span<GroupRates> groups, std::optional<double>) {
    last_epoch_ += 1.0;
    update(groups);
}

void EpochSchedule::initial_step(std::span<GroupRates> groups) {
    is_initial_ = true;
    step(groups, {});
    is_initial_ = false;
}

void EpochSchedule::begin(std::span<GroupRates> groups) {
    last_epoch_ = 0.0;
    update_in_closed_form(groups);
}

/// Torch 2.8 asks for the initial step where those before asked for epoch 0 (pytorch/pytorch#149312). They differ where
/// a sequence's milestone is 0: its second schedule then comes to epoch 0 by an ordinary step.
bool EpochSchedule::at_start() const { return torch_ < TorchVersion{2, 8} ? last_epoch_ == 0.0 : is_initial_; }

ScheduleState EpochSchedule::state() const { return {{"last_epoch", {last_epoch_}}, {"base_lrs", base_lrs_}}; }

void EpochSchedule::restore(const ScheduleState& state) {
    last_epoch_ = saved(state, "last_epoch", 1).front();
    base_lrs_ = saved(state, "base_lrs", base_lrs_.size());
}

void FactorSchedule::update(std::span<GroupRates> groups) {
    const double by = factor();
    for (GroupRates& group : groups) group.lr = group.lr * by;
}

void FactorSchedule::update_in_closed_form(std::span<GroupRates> groups) {
    const double by = first_factor();
    for (std::size_t i = 0; i < groups.size(); ++i) groups[i].lr = base_lr(i) * by;
}

const std::vector<double>& saved(const ScheduleState& state, const std::string& name, std::size_t count) {
    const auto found = state.find(name);
    if (found == state.end())
        throw Error(ExitCode::usage, fmt::format("the saved state of the schedule lacks '{}'", name));
    if (found->second.size() != count)
        throw Error(ExitCode::usage, fmt::format("'{}' in the saved state of the schedule has {} values, not {}", name,
                                                 found->second.size(), count));
    return found->second;
}

void require(bool holds, const char* name, const char* what) {
    if (!holds) throw Error(ExitCode::usage, fmt::format("schedule {}: {}", name, what));
}

}  // namespace labhost::schedules
