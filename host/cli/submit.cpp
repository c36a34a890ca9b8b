// labhost submit: hands what is not finished to a Slurm cluster, as arrays of tasks.
#include <algorithm>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "cli/submitted.hpp"
#include "cli/verbs.hpp"
#include "cluster/slurm.hpp"
#include "cluster/submission.hpp"
#include "data/catalog.hpp"
#include "record/run_state.hpp"
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

/// Whether it is over, though others of its task go on.
bool has_failed(const Submission& submission, const SubmittedRun& run) {
    const FoundState found = state_of(submission.run_folder(run), run.fingerprint);
    return found.state == RunState::failed && submission.holds_job(found.result->job);
}

/// Fingerprints that Slurm has not ended yet. Notes the jobs of a submit that was killed; under the lock, that is,
/// unless `only_looks`.
std::set<std::string> queued_fingerprints(const Paths& places, const std::string& experiment, bool only_looks) {
    auto submissions = find_submissions(places.runs, experiment);
    std::set<std::string> queued;
    if (submissions.empty()) return queued;
    const Queue queue = queued_tasks();
    for (Submission& submission : submissions) {
        if (adopt_jobs(submission, queue) && !only_looks) write_jobs(submission);
        for (std::size_t i = 0; i < submission.runs.size(); ++i)
            if (task_of(submission, i, queue) && !has_failed(submission, submission.runs[i]))
                queued.insert(submission.runs[i].fingerprint);
    }
    return queued;
}

Submission submission_of(const Plan& plan, const SlurmSettings& settings, const Options& options) {
    Submission submission{.experiment = plan.experiment,
                          .file_name = plan.file.filename().native(),
                          .command = plan.command,
                          .revision = plan.revision,
                          .overrides = {.set = options.overrides.set,
                                        .seeds = options.overrides.seeds,
                                        .timeout = options.overrides.timeout,
                                        .folder = plan.file.parent_path()},
                          .runs_folder = std::filesystem::absolute(options.places.runs).lexically_normal(),
                          .data_folder = std::filesystem::absolute(data_folder(options.places.data)).lexically_normal(),
                          .pack = static_cast<std::size_t>(settings.pack),
                          .max_requeues = settings.max_requeues,
                          .cpus_per_task = settings.cpus_per_task.value_or(1),
                          .allow_insecure = options.places.plugins.allow_insecure};
    const std::set<std::string> queued = queued_fingerprints(options.places, plan.experiment, options.dry_run);
    std::size_t waiting = 0;
    for (const PlannedRun& run : plan.runs) {
        const std::string& asked = run.settings.trainer.device;
        SubmittedRun submitted{.id = run.settings.id,
                               .model = run.settings.model,
                               .seed = run.settings.seed,
                               .fingerprint = run.fingerprint,
                               .device = !run.device.cuda  ? "cpu"
                                         : asked == "auto" ? "cuda"
                                                           : asked};
        if (run.status == RunState::finished)
            submission.finished.push_back(std::move(submitted));
        else if (queued.contains(run.fingerprint))
            ++waiting;
        else
            submission.runs.push_back(std::move(submitted));
    }
    diagnose(fmt::format("labhost: {} runs: {} finished, {} pending or running, {} to submit\n", plan.runs.size(),
                         submission.finished.size(), waiting, submission.runs.size()));
    return submission;
}

void print_dry_run(Submission submission, const SlurmSettings& settings) {
    submission.folder = submission.runs_folder / ".submit" / "ID";
    std::vector<std::string> words;
    for (const std::string& word : sbatch_command(submission, settings, 0, submission.tasks()))
        words.push_back(shell_quoted(word));
    fmt::print("{}\n\n# {}\n{}", join(words, " "), (submission.folder / "task.sh").native(), task_script(submission));
}

/// Whether Slurm took something though sbatch did not say so; where that cannot be told, it may have.
bool may_be_queued(Submission& submission) {
    try {
        return adopt_jobs(submission, queued_tasks());
    } catch (const Error&) {
        return true;
    }
}

/// What Slurm took stays; of what it took nothing of, or could not be copied, nothing is left.
void hand_over(Submission& submission, const Plan& plan, const SlurmSettings& settings) {
    bool is_written = false;
    try {
        write_submission(submission, plan);
        write_file_atomically(submission.folder / "task.sh", task_script(submission));
        is_written = true;
        submit_jobs(submission, settings);
    } catch (...) {
        std::error_code ignored;
        if (submission.jobs.empty() && !submission.folder.empty() && !(is_written && may_be_queued(submission)))
            std::filesystem::remove_all(submission.folder, ignored);
        throw;
    }
}

void warn_of_gpus(const Plan& plan, const SlurmSettings& settings) {
    if (settings.gpus_per_task && torch_info().build == "cpu" &&
        std::ranges::any_of(plan.runs, [](const PlannedRun& run) { return run.device.cuda; }))
        diagnose(
            "labhost submit: warning: gpus_per_task: this labhost's LibTorch is built for CPUs alone, so a run that is "
            "to be on a GPU "
            "will fail; build it with another, or leave gpus_per_task out\n");
}

void print_jobs(const Submission& submission, const Options& options) {
    Json jobs = Json::array();
    for (const SubmittedJob& job : submission.jobs) {
        jobs.push_back({{"job", job.job}, {"tasks", job.tasks}});
        if (!options.json) fmt::print("{}\t{} tasks\n", job.job, job.tasks);
    }
    if (options.json)
        fmt::print("{}", to_text({{"schema", 1}, {"experiment", submission.experiment}, {"jobs", std::move(jobs)}}));
}

ExitCode submit(const Options& options) {
    if (!options.slurm)
        throw Error(ExitCode::usage, "labhost submit: error: say where to: --slurm is the only kind of cluster known");
    Experiment experiment = read_experiment(options.argument, options.overrides);
    const SlurmSettings settings = settings_of(experiment.slurm, options);
    diagnose(warning_of_time_limit(settings));
    if (!options.dry_run) make_writable_folder(options.places.runs);
    Paths places = options.places;
    places.elsewhere_with_gpu = settings.gpus_per_task.has_value();
    Plan plan = make_plan(std::move(experiment), places);
    plan.command = options.command;
    plan.revision = git_revision(plan.file);
    warn_of_gpus(plan, settings);
    auto lock = options.dry_run ? nullptr : lock_submissions(options.places.runs);
    Submission submission = submission_of(plan, settings, options);
    if (options.dry_run) {
        if (submission.tasks() > 0) print_dry_run(std::move(submission), settings);
        return ExitCode::ok;
    }
    write_experiment(experiment_of(plan));
    if (submission.tasks() > 0) hand_over(submission, plan, settings);
    lock.reset();
    if (options.wait && submission.finished.size() == plan.runs.size())
        return print_collected(records_of(plan), plan.claims, options);
    if (!options.wait) print_jobs(submission, options);
    if (!options.wait) return ExitCode::ok;
    return wait_for_submitted(options.places.runs, plan.experiment, options);
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
