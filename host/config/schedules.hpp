// The schedules that [trainer] schedule can name, with the keywords and defaults of torch.optim.lr_scheduler.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "config/algorithm.hpp"
#include "config/location.hpp"
#include "support/enum_text.hpp"

namespace labhost {

/// A line each; what they compute is in schedules/.
const Family& schedule_family();

/// When a schedule steps: after an epoch's test, or after a step of the optimizer.
enum class Every { epoch, step };
template <>
inline constexpr std::array texts_of<Every>{EnumText{Every::epoch, "epoch"}, EnumText{Every::step, "step"}};

struct ScheduleSettings {
    std::string name{};
    Arguments arguments{};                      ///< as written; `completed` adds the defaults
    std::vector<ScheduleSettings> schedules{};  ///< of sequential
    std::optional<Every> every{};               ///< as written
    std::optional<std::string> metric{};        ///< of reduce_on_plateau, as written
    SharedLocation where{};

    const Algorithm& algorithm() const { return schedule_family().at(name); }
    /// one_cycle and cyclic step with the optimizer unless it is said otherwise.
    Every steps() const;
    /// With all defaults, in those of a sequential too.
    ScheduleSettings completed() const;
    bool follows_a_metric() const { return name == "reduce_on_plateau"; }
    /// Whether what it does at a step depends on how many there will be.
    bool depends_on_the_total() const { return name == "one_cycle" && !arguments.has("total_steps"); }
};

/// Overlays a table: one with another name takes the place of what was written before.
void read_schedule(StrictTable table, std::optional<ScheduleSettings>& settings);

/// Throws Error (usage) for what only all layers together show. `optimizer`: whose momentum it may cycle.
void check_schedule(const ScheduleSettings& settings, const Algorithm& optimizer);

Json json_of(const ScheduleSettings& settings);

}  // namespace labhost
