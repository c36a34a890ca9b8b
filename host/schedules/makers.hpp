// The schedules that count epochs, each in the file of its name. Adding one: that file, a line here, and one in
// schedule.cpp.
#pragma once

#include "schedules/epoch_schedule.hpp"

namespace labhost::schedules {

/// A schedule that has taken its initial step: `groups` and `bounds` of the setup are changed. Throws Error (usage) for
/// arguments that torch refuses or would divide by zero with, and what its first step throws.
using ScheduleMaker = std::unique_ptr<EpochSchedule>(const ScheduleSetup& setup);

ScheduleMaker make_constant;
ScheduleMaker make_cosine_annealing;
ScheduleMaker make_cosine_annealing_warm_restarts;
ScheduleMaker make_cyclic;
ScheduleMaker make_exponential;
ScheduleMaker make_linear;
ScheduleMaker make_multi_step;
ScheduleMaker make_one_cycle;
ScheduleMaker make_polynomial;
ScheduleMaker make_step;

}  // namespace labhost::schedules
