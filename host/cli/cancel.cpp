// labhost cancel: takes what was submitted off the cluster.
#include <fmt/format.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "cluster/cancel.hpp"
#include "cluster/tracking.hpp"

namespace labhost {

namespace {

ExitCode cancel(const SubmittedExperiment& submitted) {
    const std::string experiment = submitted_name(submitted.file, submitted.overrides, submitted.runs);
    const std::size_t jobs = cancel_submitted(std::filesystem::absolute(submitted.runs), experiment);
    fmt::print("{} jobs of {} cancelled; what they trained stays, and labhost submit goes on from there\n", jobs,
               experiment);
    return ExitCode::ok;
}

}  // namespace

Verb cancel_verb() { return make_verb("cancel", "takes the submitted runs of the experiment off the cluster", cancel); }

}  // namespace labhost
