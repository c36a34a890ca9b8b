// labhost cancel: takes what was submitted off the cluster.
#include <fmt/format.h>

#include "cli/verbs.hpp"
#include "cluster/cancel.hpp"
#include "cluster/tracking.hpp"

namespace labhost {

namespace {

ExitCode cancel(const Options& options) {
    const std::filesystem::path runs = std::filesystem::absolute(options.places.runs);
    const std::string experiment = submitted_name(options.argument, options.overrides, options.places.runs);
    const std::size_t jobs = cancel_submitted(runs, experiment);
    fmt::print("{} jobs of {} cancelled; what they trained stays, and labhost submit goes on from there\n", jobs,
               experiment);
    return ExitCode::ok;
}

}  // namespace

Verb cancel_verb() {
    return {{.verb = "cancel",
             .argument = "EXPERIMENT.toml",
             .summary = "takes the submitted runs of the experiment off the cluster",
             .follows = true},
            cancel};
}

}  // namespace labhost
