// labhost submit: hands what is not finished to a Slurm cluster, as arrays of tasks.
#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "cli/collected.hpp"
#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
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

/// The options that go before the file's [launch.slurm].
class LaunchOptions {
public:
    void declare(CommandLine& line) {
        text(line, "--partition", "NAME", "of the cluster; this and what follows replaces [launch.slurm]",
             &SlurmSettings::partition);
        text(line, "--account", "NAME", "that is charged", &SlurmSettings::account);
        text(line, "--time", "TIME",
             "limit of a task, as sbatch takes it: 30 (minutes), 2:00:00; two minutes before, it makes a checkpoint",
             &SlurmSettings::time);
        text(line, "--mem", "SIZE", "of a task: 4G", &SlurmSettings::mem);
        text(line, "--qos", "NAME", "quality of service", &SlurmSettings::qos);
        number(line, "--gpus-per-task", "N", "GPUs of a task; device = \"auto\" is then one of these", 1,
               &SlurmSettings::gpus_per_task);
        number(line, "--cpus-per-task", "N", "cores of a task", 1, &SlurmSettings::cpus_per_task);
        number(line, "--array-parallelism", "P", "tasks at once, of each array", 1, &SlurmSettings::array_parallelism);
        number(line, "--pack", "K", "runs of a task, side by side on its cores (default: 1)", 1, &SlurmSettings::pack);
        number(line, "--max-requeues", "N",
               "how often a task that is interrupted goes back into the queue (default: 100)", 0,
               &SlurmSettings::max_requeues);
        line.list("--sbatch", "KEY=VALUE", "any other option of sbatch (repeatable)", sbatch_, parse_sbatch_option);
    }

    SlurmSettings over(SlurmSettings settings) const {
        for (const auto& change : changes_) change(settings);
        settings.sbatch.insert(settings.sbatch.end(), sbatch_.begin(), sbatch_.end());
        return settings;
    }

private:
    static std::pair<std::string, std::string> parse_sbatch_option(const std::string& option) {
        try {
            return parse_sbatch(option);
        } catch (const Error& e) {
            refuse("submit", fmt::format("--sbatch: {}", e.what()));
        }
    }

    void text(CommandLine& line, const std::string& name, const char* placeholder, const char* help,
              std::string SlurmSettings::*key) {
        line.option(name, placeholder, help, [this, name, key](const std::string& text) {
            if (!is_one_line(text)) refuse("submit", fmt::format("{} must be one line", name));
            if (text.empty()) return;
            changes_.emplace_back([key, text](SlurmSettings& settings) { settings.*key = text; });
        });
    }

    template <typename Number>
    void number(CommandLine& line, const char* name, const char* placeholder, const char* help, int least,
                Number SlurmSettings::*key) {
        line.option(name, placeholder, help, [this, least, key](const std::string& text) {
            const int value = parse_integer(text);
            if (value < least) throw BadValue(fmt::format("give an integer from {} up", least));
            changes_.emplace_back([key, value](SlurmSettings& settings) { settings.*key = value; });
        });
    }

    std::vector<std::function<void(SlurmSettings&)>> changes_{};
    std::vector<std::pair<std::string, std::string>> sbatch_{};
};

struct SubmitOptions {
    std::string command{};
    std::string file{};
    RunSelection selection{};
    bool slurm = false;
    LaunchOptions launch{};
    bool wait = false;
    bool dry_run = false;
    bool json = false;

    void declare(CommandLine& line) {
        command = line.typed();
        line.argument("EXPERIMENT.toml", file);
        selection.declare(line);
        line.flag("--slurm", "as an array of tasks of a Slurm cluster (the only kind there is)", slurm);
        launch.declare(line);
        line.flag("--wait", "stay until all is over, then print the results; Ctrl-C leaves the jobs alone", wait);
        line.flag("--dry-run", "only print the script and sbatch's command", dry_run);
        declare_json(line, json);
    }
};

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

Plan plan_of(Experiment experiment, const SlurmSettings& settings, const SubmitOptions& options) {
    Paths paths = options.selection.paths;
    paths.elsewhere_with_gpu = settings.gpus_per_task.has_value();
    Plan plan = make_plan(std::move(experiment), paths);
    plan.command = options.command;
    plan.revision = git_revision(plan.file);
    return plan;
}

/// Under the lock of lock_submissions, unless it is a dry run.
Submission new_submission(const Plan& plan, const SlurmSettings& settings, const SubmitOptions& options) {
    const auto& [overrides, paths] = options.selection;
    Submission submission = submission_of(
        plan, settings,
        {.overrides = overrides,
         .runs_folder = paths.runs,
         .data_folder = data_folder(paths.data),
         .allow_insecure = paths.plugins.allow_insecure},
        queued_fingerprints(paths.runs, plan.experiment, options.dry_run ? Adopted::only_seen : Adopted::noted));
    const std::size_t finished = submission.finished.size();
    const std::size_t waiting = plan.runs.size() - finished - submission.runs.size();
    diagnose(fmt::format("labhost: {} runs: {} finished, {} pending or running, {} to submit\n", plan.runs.size(),
                         finished, waiting, submission.runs.size()));
    return submission;
}

ExitCode submit(const SubmitOptions& options) {
    if (!options.slurm)
        throw Error(ExitCode::usage, "labhost submit: error: say where to: --slurm is the only kind of cluster known");
    const auto& [overrides, paths] = options.selection;
    Experiment experiment = read_experiment(options.file, overrides);
    const SlurmSettings settings = options.launch.over(experiment.slurm);
    diagnose(warning_of_time_limit(settings));
    if (!options.dry_run) make_writable_folder(paths.runs);
    const Plan plan = plan_of(std::move(experiment), settings, options);
    warn_of_gpus(plan, settings);
    auto lock = options.dry_run ? nullptr : lock_submissions(paths.runs);
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
    return print_collected(wait_for_submitted(paths.runs, plan.experiment), options.json);
}

}  // namespace

Verb submit_verb() { return make_verb("submit", "hands what is not finished to a Slurm cluster (--slurm)", submit); }

}  // namespace labhost
