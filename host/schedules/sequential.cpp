#include "schedules/sequential.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace labhost::schedules {

Sequential::Sequential(std::vector<std::unique_ptr<EpochSchedule>> schedules, std::vector<std::int64_t> milestones,
                       const ScheduleSetup& setup)
    : schedules_(std::move(schedules)), milestones_(std::move(milestones)) {
    require(!schedules_.empty(), "sequential", "it has no schedules");
    require(milestones_.size() + 1 == schedules_.size(), "sequential", "milestones must be one fewer than schedules");
    require(std::is_sorted(milestones_.begin(), milestones_.end()), "sequential", "milestones must not decrease");

    for (std::size_t i = 0; i < setup.groups.size(); ++i) setup.groups[i].lr = *(*setup.bounds)[i].initial_lr;
    for (const auto& schedule : schedules_) schedule->undo();
    // Before 2.13 (pytorch/pytorch#185957) the first had epoch 0, also where a milestone is 0.
    const std::size_t first = setup.context.torch < TorchVersion{2, 13} ? 0 : index_at(0);
    schedules_[first]->initial_step(setup.groups);
}

void Sequential::step(std::span<GroupRates> groups, std::optional<double> metric) {
    ++last_epoch_;
    const std::size_t i = index_at(last_epoch_);
    if (i > 0 && milestones_[i - 1] == last_epoch_)
        schedules_[i]->begin(groups);
    else
        schedules_[i]->step(groups, metric);
}

std::size_t Sequential::index_at(std::int64_t epoch) const {
    return static_cast<std::size_t>(std::upper_bound(milestones_.begin(), milestones_.end(), epoch) -
                                    milestones_.begin());
}

ScheduleState Sequential::state() const {
    ScheduleState state{{"last_epoch", {static_cast<double>(last_epoch_)}}};
    for (std::size_t i = 0; i < schedules_.size(); ++i)
        for (auto& [name, values] : schedules_[i]->state()) state[fmt::format("{}.{}", i, name)] = values;
    return state;
}

void Sequential::restore(const ScheduleState& state) {
    last_epoch_ = static_cast<std::int64_t>(saved(state, "last_epoch", 1).front());
    for (std::size_t i = 0; i < schedules_.size(); ++i) {
        ScheduleState own;
        for (const auto& [name, values] : schedules_[i]->state()) {
            const std::string prefixed = fmt::format("{}.{}", i, name);
            own[name] = saved(state, prefixed, values.size());
        }
        schedules_[i]->restore(own);
    }
}

}  // namespace labhost::schedules
