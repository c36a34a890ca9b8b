#include "schedules/schedule.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "schedules/makers.hpp"
#include "schedules/reduce_on_plateau.hpp"
#include "schedules/sequential.hpp"
#include "support/error.hpp"

namespace labhost::schedules {

namespace {

constexpr std::array<std::pair<std::string_view, ScheduleMaker*>, 10> makers{{
    {"constant", make_constant},
    {"cosine_annealing", make_cosine_annealing},
    {"cosine_annealing_warm_restarts", make_cosine_annealing_warm_restarts},
    {"cyclic", make_cyclic},
    {"exponential", make_exponential},
    {"linear", make_linear},
    {"multi_step", make_multi_step},
    {"one_cycle", make_one_cycle},
    {"polynomial", make_polynomial},
    {"step", make_step},
}};

using Bounds = std::shared_ptr<std::vector<GroupBounds>>;

std::unique_ptr<EpochSchedule> make_one(const ScheduleSettings& settings, const ScheduleContext& context,
                                        std::span<GroupRates> groups, const Bounds& bounds) {
    for (const auto& [name, make] : makers)
        if (name == settings.name) return make({settings.arguments, context, groups, bounds});
    throw Error(ExitCode::usage, fmt::format("there is no schedule '{}'", settings.name));
}

std::unique_ptr<Schedule> make_sequential(const ScheduleSettings& settings, const ScheduleContext& context,
                                          std::span<GroupRates> groups, const Bounds& bounds) {
    std::vector<std::unique_ptr<EpochSchedule>> schedules;
    for (const ScheduleSettings& part : settings.schedules) {
        require(part.name != "reduce_on_plateau", "sequential", "reduce_on_plateau cannot be part of a sequence");
        require(part.name != "sequential", "sequential", "a sequence cannot be part of a sequence");
        schedules.push_back(make_one(part, context, groups, bounds));
    }
    return std::make_unique<Sequential>(std::move(schedules), settings.arguments.integers("milestones"),
                                        ScheduleSetup{settings.arguments, context, groups, bounds});
}

}  // namespace

}  // namespace labhost::schedules

namespace labhost {

std::unique_ptr<Schedule> make_schedule(const ScheduleSettings& settings, const ScheduleContext& context,
                                        std::span<GroupRates> groups) {
    if (settings.name == "reduce_on_plateau") return std::make_unique<schedules::ReduceOnPlateau>(settings.arguments);
    const auto bounds = std::make_shared<std::vector<schedules::GroupBounds>>(groups.size());
    if (settings.name == "sequential") return schedules::make_sequential(settings, context, groups, bounds);
    return schedules::make_one(settings, context, groups, bounds);
}

}  // namespace labhost
