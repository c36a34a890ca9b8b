// What `labhost plan` and `labhost run --dry-run` print.
#pragma once

#include "sweep/plan.hpp"

namespace labhost {

struct PlanView {
    bool force = false;  ///< as if --force were given: finished runs run again
    bool json = false;
};

/// On standard output.
void print_plan(const Plan& plan, PlanView view);

/// A line on standard error where `auto` is the CPU for a run of this plan though a GPU is here: why.
void tell_of_unused_gpu(const Plan& plan);

/// Tells of what is likely a mistake.
void warn_of(const Plan& plan);

}  // namespace labhost
