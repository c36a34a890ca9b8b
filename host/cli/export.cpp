// labhost export: every epoch of runs that are there, for other programs.
#include <fmt/format.h>

#include "cli/found_runs.hpp"
#include "cli/verbs.hpp"
#include "report/epochs.hpp"
#include "report/tensorboard.hpp"
#include "support/console.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

ExitCode export_runs(const Options& options) {
    if (int{options.csv} + int{options.json} + int{options.tensorboard.has_value()} != 1)
        throw Error(
            ExitCode::usage,
            "labhost export: error: give one of --csv, --json and --tensorboard DIR (see labhost export --help)");
    const FoundRuns found = find_runs("export", options.arguments, options);
    say_warnings(found.warnings);
    const auto& runs = found.runs;
    if (options.csv) fmt::print("{}", epochs_csv(runs));
    if (options.json) fmt::print("{}", to_text(epochs_json(runs)));
    if (options.tensorboard) {
        const std::size_t count = write_tensorboard(runs, *options.tensorboard);
        diagnose(fmt::format("labhost: {} runs written; look at them with: tensorboard --logdir {}\n", count,
                             shell_quoted(options.tensorboard->native())));
    }
    return ExitCode::ok;
}

}  // namespace

Verb export_verb() {
    return {{.verb = "export",
             .argument = "RUNS...",
             .summary = "every epoch of these runs as CSV, JSON or TensorBoard's event files",
             .selects_runs = true,
             .plugins = true,
             .data = true,
             .json = true,
             .exports = true},
            export_runs};
}

}  // namespace labhost
