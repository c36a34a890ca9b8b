// labhost run: trains every run of an experiment and prints how they compare.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "analysis/claims.hpp"
#include "cli/option_groups.hpp"
#include "cli/plan.hpp"
#include "cli/progress.hpp"
#include "cli/verb.hpp"
#include "record/run_layout.hpp"
#include "report/claims_table.hpp"
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

struct RunOptions {
    std::string command{};
    std::string file{};
    RunSelection selection{};
    SweepOptions sweep{};
    bool check_claims = false;  ///< a claim that is not supported is an exit code
    bool dry_run = false;
    ProgressStyle progress{};
    bool json = false;

    void declare(CommandLine& line) {
        command = line.typed();
        line.argument("EXPERIMENT.toml", file);
        selection.declare(line);
        line.value("--jobs", "N|auto",
                   "runs at once; auto (the default): as many as there are cores for their threads, or --per-gpu for "
                   "each GPU",
                   sweep.jobs, parse_count_or_auto);
        line.value("--per-gpu", "N|auto",
                   "runs at once on each GPU, at most; auto (the default): 12, memory permitting, or, in a process "
                   "each, its share of the cores up to 4",
                   sweep.per_gpu, parse_count_or_auto);
        line.value("--per-process", "N|auto",
                   "runs that share a process, in turns; auto (the default): on a CPU 1, on a GPU all that it has at "
                   "once",
                   sweep.per_process, parse_count_or_auto);
        line.value("--timeout", "TIME", "give a run up after this time: 90s, 10m, 1h; replaces trainer.timeout",
                   selection.overrides.timeout, parse_time);
        line.value("--retries", "N", "try a run that fails this often again (default: 0)", sweep.retries,
                   parse_integer);
        line.flag("--fail-fast", "stop at the first run that fails; the others keep their checkpoints",
                  sweep.fail_fast);
        line.flag("--check-claims", "exit code 3 unless every claim of the experiment is supported", check_claims);
        line.flag("--force", "run finished runs again", sweep.force);
        line.flag("--profile",
                  "where each run's time goes, by phase and operator: profile.txt and trace.json in its folder",
                  sweep.profile);
        line.flag("--dry-run", "only say what would run, as 'labhost plan' does", dry_run);
        line.flag("--quiet", "no progress; errors and results only", progress.quiet);
        declare_json(line, json);
        line.color(progress.color);
    }
};

void warn_of_blas() {
    const std::string fault = blas_fault(torch_info().blas);
    if (!fault.empty()) diagnose(fmt::format("labhost: warning: {}\n", fault));
}

void name_profiles(const Plan& plan) {
    for (const PlannedRun& run : plan.runs) {
        const auto file = run.folder / run_file::profile;
        diagnose(file_exists(file)
                     ? fmt::format("{}  profile: {} (and {})\n", run.settings.id, file.native(), run_file::trace)
                     : fmt::format("{}  no profile: it was finished before; --force runs it again\n", run.settings.id));
    }
}

ExitCode run_experiment(const RunOptions& options) {
    if (options.sweep.jobs && options.sweep.per_gpu) refuse("run", "--jobs and --per-gpu: give one of them");
    const bool quiet = options.progress.quiet;
    const Paths& paths = options.selection.paths;
    Experiment experiment = read_experiment(options.file, options.selection.overrides);
    if (!options.dry_run) make_writable_folder(paths.runs);
    Plan plan = make_plan(std::move(experiment), paths);
    if (!quiet) tell_of_unused_gpu(plan);
    if (!quiet) warn_of(plan);
    if (options.dry_run) {
        print_plan(plan, {.force = options.sweep.force, .json = options.json});
        return ExitCode::ok;
    }
    plan.command = options.command;
    plan.revision = git_revision(plan.file);
    write_experiment(experiment_of(plan));
    if (!quiet) warn_of_blas();
    execute(plan, options.sweep, *make_progress(options.progress));  // gone, its block cleared, before the table
    const std::vector<RunRecord> records = records_of(plan);
    const std::vector<ClaimVerdict> verdicts = judge_claims(plan.claims, records);
    if (options.json) {
        fmt::print("{}", to_text(results_json(records, verdicts_json(verdicts))));
    } else {
        fmt::print("{}{}", plan.title.empty() ? "" : plan.title + "\n\n", results_table(records));
        if (!verdicts.empty()) fmt::print("\n{}", verdicts_text(verdicts));
    }
    if (options.sweep.profile && !quiet) name_profiles(plan);
    const bool all_well =
        std::ranges::all_of(plan.runs, [](const PlannedRun& r) { return r.status == RunState::finished; });
    if (!all_well) return ExitCode::run_failed;
    const bool supported = std::ranges::all_of(
        verdicts, [](const ClaimVerdict& verdict) { return verdict.kind == ClaimVerdict::Kind::supported; });
    return options.check_claims && !supported ? ExitCode::claim_not_supported : ExitCode::ok;
}

}  // namespace

Verb run_verb() {
    return make_verb("run", "trains every run of the experiment that is not finished, and compares them",
                     run_experiment);
}

}  // namespace labhost
