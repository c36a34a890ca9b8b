// labhost submit: hands what is not finished to a Slurm cluster, as arrays of tasks.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cli/collected.hpp"
#include "cli/verbs.hpp"
#include "cluster/slurm.hpp"
#include "cluster/submission.hpp"
#include "cluster/tracking.hpp"
#include "data/catalog.hpp"
#include "support/console.hpp"
#include "support/files.hpp"
#include "support/git.hpp"
#include "support/text.hpp"
#include "sweep/plan_record.hpp"
#include "train/torch_info.hpp"

namespace labhost {

namespace {

/// The file's, where the command line says nothing.
SlurmSettings settings_of(const SlurmSettings& file, const Options& options) {
    SlurmSettings settings = file;
    const auto take = [](auto& value, const auto& given, bool is_given) {
        if (is_given) value = given;
    };
    const SlurmSettings& given = options.launch;
    for (std::string SlurmSettings::*text :
         {&SlurmSettings::partition, &SlurmSettings::account, &SlurmSettings::time, &SlurmSettings::mem})
        take(settings.*text, given.*text, !(given.*text).empty());
    for (auto number :
         {&SlurmSettings::gpus_per_task, &SlurmSettings::cpus_per_task, &SlurmSettings::array_parallelism})
        take(settings.*number, given.*number, (given.*number).has_value());
    take(settings.pack, options.pack.value_or(1), options.pack.has_value());
    take(settings.max_requeues, options.max_requeues.value_or(0), options.max_requeues.has_value());
    settings.sbatch.insert(settings.sbatch.end(), given.sbatch.begin(), given.sbatch.end());
    return settings;
}

void print_dry_run(Submission submission, const SlurmSettings& settings) {
    submission.folder = submission.runs_folder / ".submit" / "ID";
    std::vector<std::string> words;
    for (const std::string& word : sbatch_command(submission, settings, 0, submission.tasks()))
        words.push_back(shell_quoted(word));
    fmt::print("{}\n\n# {}\n{}", join(words, " "), (submission.folder / "task.sh").native(), task_script(submission));
}

void warn_of_gpus(const Plan& plan, const SlurmSettings& settings) {
    if (settings.gpus_per_task && torch_info().build == "cpu" &&
        std::ranges::any_of(plan.runs, [](const PlannedRun& run) { return run.device.cuda; }))
        diagnose(
            "labhost submit: warning: gpus_per_task: this labhost's LibTorch is built for CPUs alone, so a run that is "
            "to be on a GPU "
            "will fail; build it with another, or leave gpus_per_task out\n");
}

void print_jobs(const Submission& submission, bool json) {
    Json list = Json::array();
    for (const SubmittedJob& job : submission.jobs) {
        list.push_back({{"job", job.job}, {"tasks", job.tasks}});
        if (!json) fmt::print("{}\t{} tasks\n", job.job, job.tasks);
    }
    if (json)
        fmt::print("{}", to_text({{"schema", 1}, {"experiment", submission.experiment}, {"jobs", std::move(list)}}));
}

Plan plan_of(Experiment experiment, const SlurmSettings& settings, const Options& options) {
    Paths places = options.places;
    places.elsewhere_with_gpu = settings.gpus_per_task.has_value();
    Plan plan = make_plan(std::move(experiment), places);
    plan.command = options.command;
    plan.revision = git_revision(plan.file);
    return plan;
}

/// Under the lock of lock_submissions, unless it is a dry run.
Submission new_submission(const Plan& plan, const SlurmSettings& settings, const Options& options) {
    Submission submission = submission_of(plan, settings,
                                          {.overrides = options.overrides,
                                           .runs_folder = options.places.runs,
                                           .data_folder = data_folder(options.places.data),
                                           .allow_insecure = options.places.plugins.allow_insecure},
                                          queued_fingerprints(options.places.runs, plan.experiment,
                                                              options.dry_run ? Adopted::only_seen : Adopted::noted));
    const std::size_t finished = submission.finished.size();
    const std::size_t waiting = plan.runs.size() - finished - submission.runs.size();
    diagnose(fmt::format("labhost: {} runs: {} finished, {} pending or running, {} to submit\n", plan.runs.size(),
                         finished, waiting, submission.runs.size()));
    return submission;
}

ExitCode submit(const Options& options) {
    if (!options.slurm)
        throw Error(ExitCode::usage, "labhost submit: error: say where to: --slurm is the only kind of cluster known");
    Experiment experiment = read_experiment(options.argument, options.overrides);
    const SlurmSettings settings = settings_of(experiment.slurm, options);
    diagnose(warning_of_time_limit(settings));
    if (!options.dry_run) make_writable_folder(options.places.runs);
    const Plan plan = plan_of(std::move(experiment), settings, options);
    warn_of_gpus(plan, settings);
    auto lock = options.dry_run ? nullptr : lock_submissions(options.places.runs);
    Submission submission = new_submission(plan, settings, options);
    if (options.dry_run) {
        if (submission.tasks() > 0) print_dry_run(std::move(submission), settings);
        return ExitCode::ok;
    }
    write_experiment(experiment_of(plan));
    if (submission.tasks() > 0) hand_over(submission, plan, settings);
    lock.reset();
    if (!options.wait) {
        print_jobs(submission, options.json);
        return ExitCode::ok;
    }
    if (submission.finished.size() == plan.runs.size())
        return print_collected(records_of(plan), plan.claims, options.json);
    return print_collected(wait_for_submitted(options.places.runs, plan.experiment), options.json);
}

}  // namespace

Verb submit_verb() {
    return {{.verb = "submit",
             .argument = "EXPERIMENT.toml",
             .summary = "hands what is not finished to a Slurm cluster (--slurm)",
             .selects_runs = true,
             .plugins = true,
             .data = true,
             .json = true,
             .submits = true},
            submit};
}

}  // namespace labhost
