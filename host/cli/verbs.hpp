// The verbs: one function and one file each. A verb returns its exit code or throws Error.
#pragma once

#include "cli/options.hpp"
#include "support/error.hpp"

namespace labhost {

struct Verb {
    VerbSyntax syntax;
    ExitCode (*run)(const Options& options);
};

Verb run_verb();
Verb plan_verb();
Verb plugins_verb();
Verb inspect_verb();
Verb validate_verb();
Verb new_verb();
Verb fetch_verb();
Verb results_verb();
Verb report_verb();
Verb export_verb();
Verb gc_verb();
Verb submit_verb();
Verb status_verb();
Verb collect_verb();
Verb cancel_verb();
Verb doctor_verb();
Verb run_one_verb();

/// What `labhost plan` and `labhost run --dry-run` print.
void print_plan(const Plan& plan, const Options& options);

/// A line on standard error where `auto` is the CPU for a run of this plan though a GPU is here: why. Not with --quiet.
void tell_of_unused_gpu(const Plan& plan, const Options& options);

}  // namespace labhost
