// labhost export: every epoch of runs that are there, for other programs.
#include <fmt/format.h>

#include "cli/found_runs.hpp"
#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "report/epochs.hpp"
#include "report/tensorboard.hpp"
#include "support/console.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

struct ExportOptions {
    std::vector<std::string> names{};
    RunSelection selection{};
    bool csv = false;
    std::optional<std::filesystem::path> tensorboard{};
    bool json = false;

    void declare(CommandLine& line) {
        line.arguments("RUNS", names);
        selection.declare(line);
        line.flag("--csv", "tidy CSV on standard output: a row for each run and epoch", csv);
        line.value("--tensorboard", "DIR", "event files for TensorBoard, a folder for each run", tensorboard);
        declare_json(line, json);
    }
};

ExitCode export_runs(const ExportOptions& options) {
    if (int{options.csv} + int{options.json} + int{options.tensorboard.has_value()} != 1)
        refuse("export", "give one of --csv, --json and --tensorboard DIR");
    const FoundRuns found = find_runs("export", options.names, options.selection);
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
    return make_verb("export", "every epoch of these runs as CSV, JSON or TensorBoard's event files", export_runs);
}

}  // namespace labhost
