// SequentialLR: one schedule after another, changing at milestones.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "schedules/epoch_schedule.hpp"

namespace labhost::schedules {

class Sequential : public Schedule {
public:
    /// Of schedules that are made, in their order, with the same groups and bounds. `milestones`: the epochs where the
    /// second and the following ones begin, not decreasing. Throws Error (usage) if they are not one fewer than
    /// `schedules`, or decrease.
    Sequential(std::vector<std::unique_ptr<EpochSchedule>> schedules, std::vector<std::int64_t> milestones,
               const ScheduleSetup& setup);

    void step(std::span<GroupRates> groups, std::optional<double> metric) override;
    ScheduleState state() const override;
    void restore(const ScheduleState& state) override;

private:
    /// Of the schedule that has this epoch.
    std::size_t index_at(std::int64_t epoch) const;

    std::vector<std::unique_ptr<EpochSchedule>> schedules_;
    std::vector<std::int64_t> milestones_;
    std::int64_t last_epoch_ = 0;
};

}  // namespace labhost::schedules
