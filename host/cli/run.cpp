// labhost run: trains every run of an experiment and prints how they compare.
#include <algorithm>

#include <fmt/format.h>

#include "cli/progress.hpp"
#include "cli/verbs.hpp"
#include "report/table.hpp"
#include "support/console.hpp"
#include "sweep/execute.hpp"
#include "train/engine.hpp"

namespace labhost {

namespace {

Json results_json(const Plan& plan) {
    Json runs = Json::array();
    for (const PlannedRun& run : plan.runs) {
        Json json{{"id", run.settings.id},
                  {"fingerprint", run.fingerprint},
                  {"status", to_text(run.status)},
                  {"folder", run.folder.native()},
                  {"model", run.settings.model},
                  {"params", to_json(run.params)},
                  {"seed", run.settings.seed},
                  {"final", run.result && run.result->final ? to_json(*run.result->final) : Json(nullptr)}};
        if (run.status == RunStatus::failed) json["reason"] = run.failure();
        runs.push_back(json);
    }
    return {{"schema", 1}, {"experiment", plan.experiment}, {"runs", runs}, {"claims", Json::array()}};
}

void warn_of_blas(const Options& options) {
    const std::string fault = blas_fault(engine().torch_info().blas);
    if (!fault.empty() && !options.quiet) diagnose(fmt::format("labhost: warning: {}\n", fault));
}

ExitCode run_experiment(const Options& options) {
    const Experiment experiment = read_experiment(options.argument, options.overrides);
    if (!options.dry_run) make_writable_folder(options.places.runs);
    Plan plan = make_plan(experiment, options.places);
    if (options.dry_run) {
        print_plan(plan, options);
        return ExitCode::ok;
    }
    warn_of_blas(options);
    const auto progress = make_progress(options);
    execute(plan, options.force, *progress);
    if (options.json) {
        fmt::print("{}", to_text(results_json(plan)));
    } else {
        fmt::print("{}{}", plan.title.empty() ? "" : plan.title + "\n\n", results_table(plan));
    }
    const bool all_well =
        std::ranges::all_of(plan.runs, [](const PlannedRun& r) { return r.status == RunStatus::finished; });
    return all_well ? ExitCode::ok : ExitCode::run_failed;
}

}  // namespace

Verb run_verb() {
    return {{.verb = "run",
             .argument = "EXPERIMENT.toml",
             .summary = "trains every run of the experiment that is not finished, and compares them",
             .selects_runs = true,
             .runs = true,
             .plugins = true,
             .data = true,
             .json = true},
            run_experiment};
}

}  // namespace labhost
