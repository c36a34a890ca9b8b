#include "cluster/task.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <system_error>
#include <thread>
#include <variant>

#include <fmt/format.h>

#include "cluster/slurm.hpp"
#include "cluster/submission.hpp"
#include "record/run_folder.hpp"
#include "record/run_layout.hpp"
#include "record/run_lock.hpp"
#include "record/run_record.hpp"
#include "support/console.hpp"
#include "support/files.hpp"
#include "support/signals.hpp"
#include "support/slurm_task.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds late_at_most{60};  // what NFS shows to another machine
constexpr std::chrono::milliseconds task_poll_every{500};
constexpr int retries = 1;  // of a worker that something killed

/// A shared disk may show the plan to this node a while after it was written.
Submission wait_for_submission(const fs::path& folder) {
    const auto until = std::chrono::steady_clock::now() + late_at_most;
    while (!file_exists(folder / "plan.json") && std::chrono::steady_clock::now() < until) {
        StopSignals::check();
        std::this_thread::sleep_for(task_poll_every);
    }
    return read_submission(folder);
}

Plan plan_of(const Submission& submission, std::span<const SubmittedRun> runs) {
    Overrides overrides = submission.overrides;
    overrides.device = runs.front().device;
    for (const SubmittedRun& run : runs) overrides.only.push_back(run.id);
    Plan plan =
        make_plan(read_experiment(submission.file(), overrides),
                  {.plugins = {.folders = {submission.folder / "plugins"}, .allow_insecure = submission.allow_insecure},
                   .data = submission.data_folder,
                   .runs = submission.runs_folder});
    if (plan.runs.size() != runs.size())
        throw Error(ExitCode::usage, fmt::format("{} has not the runs of its plan", submission.folder.native()));
    plan.command = submission.command;
    plan.revision = submission.revision;
    plan.file = submission.overrides.folder / submission.file_name;  // the one that was submitted, by which gc judges
    return plan;
}

/// What is known of a run that was not planned: what the submitted file says, if it can be read.
RunRecord known_of(const Submission& submission, const SubmittedRun& run) {
    RunRecord known{.id = run.id, .fingerprint = run.fingerprint};
    try {
        Overrides overrides = submission.overrides;
        overrides.device = run.device;
        overrides.only.push_back(run.id);
        for (const RunSettings& settings : read_experiment(submission.file(), overrides).runs) {
            for (const auto& [name, param] : settings.params)
                known.params[name] = std::visit([](const auto& value) { return Json(value); }, param.value);
            known.trainer = to_json(settings.trainer);
            known.data = to_json(settings.data);
        }
    } catch (const Error&) {  // it is what the run fails for
    }
    return known;
}

/// Records that a run cannot be trained here, unless it is finished or another process has it. False if it is not
/// finished.
bool fail(const Submission& submission, const SubmittedRun& run, const std::string& reason) {
    const fs::path folder = submission.run_folder(run);
    RunLocks locks(folder.parent_path());
    const bool ours = locks.claim_alone(folder);
    if (state_of(folder, run.fingerprint).state == RunState::finished) return true;
    if (!ours) return false;
    const std::string text = fmt::format("on node {}: {}", node_name(), one_line(reason));
    const RunRecord known = known_of(submission, run);
    Json provenance{{"host", node_name()},
                    {"command", submission.command},
                    {"git", submission.revision},
                    {"experiment_file", (submission.overrides.folder / submission.file_name).native()}};
    if (const auto task = own_slurm_task()) provenance["slurm"] = to_json(*task);
    record_failure(folder,
                   {{"schema", 1},
                    {"experiment", submission.experiment},
                    {"id", run.id},
                    {"model", run.model},
                    {"params", known.params},
                    {"trainer", known.trainer},
                    {"data", known.data},
                    {"seed", run.seed},
                    {"fingerprint", run.fingerprint},
                    {"provenance", provenance}},
                   text);
    diagnose(fmt::format("{}  failed: {}\n", run.id, text));
    return false;
}

/// Plans runs of one device. Where they cannot be planned together each is tried by itself, and what cannot be planned
/// fails alone.
std::vector<Plan> plans_of(const Submission& submission, std::span<const SubmittedRun> runs, bool& all_well) {
    std::vector<Plan> plans;
    try {
        plans.push_back(plan_of(submission, runs));
    } catch (const StorageError&) {
        throw;
    } catch (const StopError&) {  // warned while it plans
        throw;
    } catch (const Error& e) {
        if (runs.size() == 1) {
            all_well &= fail(submission, runs.front(), e.what());
            return plans;
        }
        for (std::size_t i = 0; i < runs.size(); ++i)
            std::ranges::move(plans_of(submission, runs.subspan(i, 1), all_well), std::back_inserter(plans));
    }
    return plans;
}

/// False if one failed.
bool train(const Submission& submission, Plan& plan, const std::map<std::string, SubmittedRun>& submitted,
           const ObserverFactory& make_observer) {
    bool all_well = true;
    std::vector<PlannedRun> right;
    for (PlannedRun& run : plan.runs) {
        const SubmittedRun& asked = submitted.at(run.settings.id);
        if (run.fingerprint == asked.fingerprint)
            right.push_back(std::move(run));
        else
            all_well &= fail(submission, asked,
                             "it would not give the numbers that were asked for: since it was submitted its data or "
                             "its init_from file changed, or "
                             "this node has another LibTorch, BLAS or, with numerics = \"fast\", another instruction "
                             "set; submit it again, or ask "
                             "for equal nodes (--sbatch constraint=...)");
    }
    plan.runs = std::move(right);
    if (plan.runs.empty()) return all_well;
    int threads = 1;
    for (const PlannedRun& run : plan.runs) threads = std::max(threads, run.settings.trainer.threads);
    const int jobs = static_cast<int>(
        std::clamp<std::int64_t>(submission.cpus_per_task / threads, 1, static_cast<std::int64_t>(plan.runs.size())));
    execute(plan, {.jobs = jobs, .per_gpu = {}, .per_process = {}, .retries = retries}, *make_observer());
    return all_well &&
           std::ranges::all_of(plan.runs, [](const PlannedRun& run) { return run.status == RunState::finished; });
}

std::int64_t restarts() {
    const auto task = own_slurm_task();
    return task ? task->restarts : 0;
}

/// Whether it failed in this task before that was put back into the queue: what failed is for the next submit to try
/// again.
bool failed_before(const Submission& submission, const SubmittedRun& run) {
    const auto task = own_slurm_task();
    if (!task || task->restarts == 0) return false;
    const FoundState found = state_of(submission.run_folder(run), run.fingerprint);
    return found.state == RunState::failed && found.result->job == task->job;
}

/// Changes whenever a checkpoint or a result is written.
std::string progress_of(const Submission& submission, std::span<const SubmittedRun> runs) {
    std::string text;
    for (const SubmittedRun& run : runs)
        for (const char* name : {run_file::checkpoint, run_file::result}) {
            std::error_code absent;
            const auto time = fs::last_write_time(submission.run_folder(run) / name, absent);
            text += absent ? "-" : fmt::format("{} ", time.time_since_epoch().count());
        }
    return text;
}

/// Whether this task was killed, put back into the queue and killed again, and nothing had come of it: so it would go
/// on up to max_requeues. The task's script marks that it was killed. Notes this start.
bool is_killed_in_vain(const Submission& submission, std::span<const SubmittedRun> runs) {
    constexpr std::int64_t at_most = 1;  // a node may be at fault
    const auto task = own_slurm_task();
    if (!task) return false;
    const fs::path note = submission.folder / "tasks" / fmt::format("{}.json", task->job);
    const fs::path mark = submission.folder / "tasks" / fmt::format("{}.killed", task->job);
    const std::string progress = progress_of(submission, runs);
    const Json last = read_object(note);
    const bool nothing_came = text_at(last, "progress") == progress;
    const bool known = nothing_came && last.contains("killed_in_vain") && last["killed_in_vain"].is_number_integer();
    std::int64_t in_vain = known ? last["killed_in_vain"].get<std::int64_t>() : 0;
    if (nothing_came && file_exists(mark)) ++in_vain;
    write_file_atomically(note, to_text({{"progress", progress}, {"killed_in_vain", in_vain}}));
    std::error_code ignored;
    fs::remove(mark, ignored);
    return in_vain > at_most;
}

std::string back_into_the_queue(const Submission& submission) {
    if (file_exists(submission.folder / "cancelled"))
        return "its submission was cancelled, so it is not put back into the queue";
    if (restarts() >= submission.max_requeues)
        return fmt::format("it was put back into the queue {} times, which is max_requeues; labhost submit goes on",
                           restarts());
    const auto [done, why] = requeue_own_task();
    return done ? "it is back in the queue" : fmt::format("it could not be put back into the queue: {}", why);
}

/// The task's own runs. False if one of them failed, now or before.
bool train_runs(const Submission& submission, std::span<const SubmittedRun> own, const ObserverFactory& make_observer) {
    const bool in_vain = is_killed_in_vain(submission, own);
    bool all_well = true;
    std::map<std::string, std::vector<SubmittedRun>> by_device;
    std::map<std::string, SubmittedRun> by_id;
    for (const SubmittedRun& run : own) {
        if (failed_before(submission, run)) {
            all_well = false;
            diagnose(fmt::format(
                "{} failed before this task was put back into the queue; labhost submit tries it again\n", run.id));
        } else if (in_vain) {
            all_well &= fail(submission, run,
                             "its task was killed twice (see its log) without a checkpoint in between; if it lacked "
                             "memory, ask for more (mem), or pack fewer runs; checkpoints within an epoch: "
                             "trainer.checkpoint_every");
        } else {
            by_device[run.device].push_back(run);
            by_id[run.id] = run;
        }
    }
    for (const auto& [device, runs] : by_device)
        for (Plan& plan : plans_of(submission, runs, all_well))
            all_well &= train(submission, plan, by_id, make_observer);
    return all_well;
}

std::span<const SubmittedRun> runs_of_task(const Submission& submission, std::size_t task) {
    if (task >= submission.tasks())
        throw Error(ExitCode::usage, fmt::format("labhost run-one: error: task {}: {} has {} (from 0)", task,
                                                 submission.id, submission.tasks()));
    const std::size_t begin = task * submission.pack;
    return std::span(submission.runs).subspan(begin, std::min(submission.pack, submission.runs.size() - begin));
}

}  // namespace

ExitCode run_task(const fs::path& folder, const std::string& number, const ObserverFactory& make_observer) {
    const StopSignals signals(StopSignals::Second::ignored);
    const auto task = parse_count(number, 999'999'999);
    if (!task)
        throw Error(ExitCode::usage,
                    fmt::format("labhost run-one: error: '{}' is no task; give its number, from 0", printable(number)));
    std::optional<Submission> submission;
    try {
        submission = wait_for_submission(folder);
        const bool all_well = train_runs(*submission, runs_of_task(*submission, *task), make_observer);
        return all_well ? ExitCode::ok : ExitCode::run_failed;
    } catch (const StopError& e) {
        diagnose(fmt::format("labhost: task {} was interrupted and has made its checkpoints; {}\n", number,
                             submission ? back_into_the_queue(*submission) : "its plan was not there yet"));
        return e.code();
    }
}

}  // namespace labhost
