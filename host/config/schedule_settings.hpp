// A learning rate schedule as [trainer] has it.
#pragma once

#include <string>
#include <vector>

#include "config/arguments.hpp"

namespace labhost {

struct ScheduleSettings {
    std::string name{};                         ///< constant, linear, ...: schedules/schedule.hpp
    Arguments arguments{};                      ///< all keys, those without a default only if given
    std::vector<ScheduleSettings> schedules{};  ///< of sequential

    friend bool operator==(const ScheduleSettings&, const ScheduleSettings&) = default;
};

}  // namespace labhost
