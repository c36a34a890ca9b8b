// labhost run: trains every run of an experiment and prints how they compare.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "analysis/claims.hpp"
#include "cli/progress.hpp"
#include "cli/verbs.hpp"
#include "record/run_layout.hpp"
#include "report/formats.hpp"
#include "report/table.hpp"
#include "support/console.hpp"
#include "support/files.hpp"
#include "support/git.hpp"
#include "sweep/execute.hpp"
#include "sweep/plan_record.hpp"
#include "train/torch_info.hpp"

namespace labhost {

namespace {

void warn_of_blas(const Options& options) {
    const std::string fault = blas_fault(torch_info().blas);
    if (!fault.empty() && !options.quiet) diagnose(fmt::format("labhost: warning: {}\n", fault));
}

void name_profiles(const Plan& plan) {
    for (const PlannedRun& run : plan.runs) {
        const auto file = run.folder / run_file::profile;
        diagnose(file_exists(file)
                     ? fmt::format("{}  profile: {} (and {})\n", run.settings.id, file.native(), run_file::trace)
                     : fmt::format("{}  no profile: it was finished before; --force runs it again\n", run.settings.id));
    }
}

ExitCode run_experiment(const Options& options) {
    Experiment experiment = read_experiment(options.argument, options.overrides);
    if (!options.dry_run) make_writable_folder(options.places.runs);
    Plan plan = make_plan(std::move(experiment), options.places);
    tell_of_unused_gpu(plan, options);
    if (options.dry_run) {
        print_plan(plan, options);
        return ExitCode::ok;
    }
    plan.command = options.command;
    plan.revision = git_revision(plan.file);
    write_experiment(experiment_of(plan));
    warn_of_blas(options);
    execute(plan,
            {.jobs = options.jobs,
             .per_gpu = options.per_gpu,
             .per_process = options.per_process,
             .retries = options.retries,
             .fail_fast = options.fail_fast,
             .force = options.force,
             .profile = options.profile},
            *make_progress(options));  // gone, and its block cleared, before the table
    const std::vector<RunRecord> records = records_of(plan);
    const std::vector<ClaimVerdict> verdicts = judge_claims(plan.claims, records);
    if (options.json) {
        fmt::print("{}", to_text(results_json(records, verdicts_json(verdicts))));
    } else {
        fmt::print("{}{}", plan.title.empty() ? "" : plan.title + "\n\n", results_table(plan));
        if (!verdicts.empty()) fmt::print("\n{}", verdicts_text(verdicts));
    }
    if (options.profile && !options.quiet) name_profiles(plan);
    const bool all_well =
        std::ranges::all_of(plan.runs, [](const PlannedRun& r) { return r.status == RunState::finished; });
    if (!all_well) return ExitCode::run_failed;
    const bool supported = std::ranges::all_of(
        verdicts, [](const ClaimVerdict& verdict) { return verdict.kind == ClaimVerdict::Kind::supported; });
    return options.check_claims && !supported ? ExitCode::claim_not_supported : ExitCode::ok;
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
