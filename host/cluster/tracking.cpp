#include "cluster/tracking.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "cluster/slurm.hpp"
#include "config/experiment.hpp"
#include "record/run_layout.hpp"
#include "record/run_state.hpp"
#include "support/console.hpp"
#include "support/files.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr const char* without_a_folder = "lost";  // the word for a run that Slurm has no more and that left nothing

/// The log of the task that a run belongs to.
std::string log_of(const Submission& submission, std::size_t run) {
    const std::size_t task = run / submission.pack;
    for (const SubmittedJob& job : submission.jobs)
        if (task >= job.first && task < job.first + job.tasks) {
            const fs::path log = submission.folder / "log" / fmt::format("{}_{}.txt", job.job, task - job.first);
            if (file_exists(log)) return log.native();
        }
    return "";
}

/// Of the task in which a run ended, which may be one of an earlier submission; "" if that is not known.
std::string log_of(const std::vector<Submission>& submissions, const RunRecord& run) {
    for (const Submission& submission : submissions)
        if (const fs::path log = submission.folder / "log" / fmt::format("{}.txt", run.job);
            submission.holds_job(run.job) && file_exists(log))
            return log.native();
    return "";
}

/// A submission's runs, those that needed no task behind the others.
const SubmittedRun& run_at(const Submission& submission, std::size_t index) {
    return index < submission.runs.size() ? submission.runs[index]
                                          : submission.finished[index - submission.runs.size()];
}

RunRecord record_of(const Submission& submission, const SubmittedRun& run) {
    const fs::path folder = submission.run_folder(run);
    if (auto found = find_record(folder, run.fingerprint)) return std::move(*found);
    return {.experiment = submission.experiment,
            .id = run.id,
            .model = run.model,
            .seed = run.seed,
            .fingerprint = run.fingerprint,
            .folder = folder,
            .queue_state = without_a_folder};
}

struct LastSubmitted {
    const Submission* submission{};
    std::size_t index = 0;  ///< see run_at
};

/// By id, in the order in which the ids came: a plugin that was built again has other fingerprints.
std::vector<LastSubmitted> last_of_each_id(const std::vector<Submission>& submissions) {
    std::vector<LastSubmitted> last;
    std::map<std::string, std::size_t> places;
    for (const Submission& submission : submissions)
        for (std::size_t i = 0; i < submission.runs.size() + submission.finished.size(); ++i) {
            const auto [place, is_new] = places.emplace(run_at(submission, i).id, last.size());
            if (is_new) last.emplace_back();
            last[place->second] = {&submission, i};
        }
    return last;
}

/// Whether it is over, though others of its task may go on: what failed in an earlier submission is tried again.
bool has_ended(const Submission& submission, RunState state, const std::string& job) {
    return state == RunState::finished || (state == RunState::failed && submission.holds_job(job));
}

/// Throws StopError if a signal has come.
void stop_waiting_if_asked() {
    if (StopSignals::noted() != 0)
        throw StopError(StopSignals::noted() == SIGINT ? ExitCode::interrupted : ExitCode::terminated,
                        "labhost: waits no more; the jobs go on, and labhost status says how");
}

}  // namespace

Standing standing_of(const RunRecord& run) {
    if (is_over(run.status)) return Standing::over;
    return run.queue_state.empty() || run.queue_state == without_a_folder ? Standing::lost : Standing::queued;
}

std::string SubmittedRecords::counts_text() const {
    std::map<std::string, int> counts;
    for (const RunRecord& run : runs) ++counts[status_text(run)];
    std::vector<std::string> parts;
    for (const auto& [status, count] : counts) parts.push_back(fmt::format("{} {}", count, status));
    return fmt::format("{} runs: {}", runs.size(), join(parts));
}

std::string submitted_name(const std::string& file, const Overrides& overrides, const fs::path& runs_folder) {
    try {
        return read_experiment(file, overrides).name;
    } catch (const Error& e) {
        const fs::path absolute = fs::absolute(file).lexically_normal();
        std::string name;
        for (const Submission& submission : find_submissions(fs::absolute(runs_folder), ""))  // by name, then by age
            if (overrides.set.empty() && submission.overrides.folder / submission.file_name == absolute)
                name = submission.experiment;
        if (name.empty()) throw;
        diagnose(fmt::format("labhost: warning: {}; going by what was submitted of it as {}\n", e.what(), name));
        return name;
    }
}

std::vector<Submission> submissions_of(const fs::path& runs_folder, const std::string& experiment) {
    auto submissions = find_submissions(fs::absolute(runs_folder), experiment);
    if (submissions.empty())
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: nothing of {} was submitted from here; labhost submit does it, or name the "
                                "folder of runs with --runs",
                                printable((runs_folder / ".submit").native()), experiment));
    return submissions;
}

SubmittedRecords submitted_records(const fs::path& runs_folder, const std::string& experiment) {
    auto submissions = submissions_of(runs_folder, experiment);
    // Slurm first: what it has ended by then has left its result, as soon as the disk shows it.
    const Queue queue = queued_tasks();
    for (Submission& submission : submissions) adopt_jobs(submission, queue);
    SubmittedRecords records;
    for (const auto& [submission, index] : last_of_each_id(submissions)) {
        RunRecord record = record_of(*submission, run_at(*submission, index));
        std::string log = log_of(submissions, record);
        if (log.empty() && index < submission->runs.size()) log = log_of(*submission, index);
        const bool ended = has_ended(*submission, record.status, record.job);
        if (const auto task = ended ? std::nullopt : task_of(*submission, index, queue)) {
            record.queue_state = to_lower(task->state);
            record.reason = task->state == "PENDING" ? task->reason : std::string();
            if (record.status == RunState::failed) record.status = state_without_result(record.folder);
        }
        records.runs.push_back(std::move(record));
        records.logs.push_back(std::move(log));
    }
    if (auto known = read_experiment_record(experiment_folder(fs::absolute(runs_folder), experiment)))
        records.experiment = std::move(*known);
    records.experiment.name = experiment;
    return records;
}

SubmittedRecords wait_for_submitted(const fs::path& runs_folder, const std::string& experiment) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::seconds ask_every{2};
    constexpr std::chrono::milliseconds tick{100};
    constexpr std::chrono::seconds late_at_most{60};  // what NFS shows to another machine
    constexpr std::chrono::minutes patience{5};       // with a Slurm that does not answer
    const StopSignals signals;
    std::string told;
    auto lost_since = Clock::now();
    auto heard = Clock::now();
    bool silence_told = false;
    for (;;) {
        try {
            SubmittedRecords records = submitted_records(runs_folder, experiment);
            heard = Clock::now();
            silence_told = false;
            if (std::string now = records.counts_text(); now != told) {
                diagnose(fmt::format("labhost: {}\n", now));
                told = std::move(now);
            }
            const auto count = [&](Standing standing) {
                return std::ranges::count(records.runs, standing, standing_of);
            };
            if (count(Standing::queued) + count(Standing::lost) == 0) return records;
            if (count(Standing::queued) > 0) lost_since = heard;
            if (heard - lost_since > late_at_most) return records;
        } catch (const SlurmError& e) {
            stop_waiting_if_asked();  // Ctrl-C ends squeue, too
            if (Clock::now() - heard > patience) throw;
            if (!std::exchange(silence_told, true))
                diagnose(fmt::format("labhost: warning: {}; it is asked again, for {} minutes\n", e.what(),
                                     patience.count()));
            lost_since = Clock::now();
        }
        for (const auto until = Clock::now() + ask_every; Clock::now() < until;) {
            stop_waiting_if_asked();
            std::this_thread::sleep_for(tick);
        }
    }
}

std::set<std::string> queued_fingerprints(const fs::path& runs_folder, const std::string& experiment, Adopted adopted) {
    auto submissions = find_submissions(runs_folder, experiment);
    std::set<std::string> queued;
    if (submissions.empty()) return queued;
    const Queue queue = queued_tasks();
    for (Submission& submission : submissions) {
        if (adopt_jobs(submission, queue) && adopted == Adopted::noted) write_jobs(submission);
        for (std::size_t i = 0; i < submission.runs.size(); ++i) {
            const SubmittedRun& run = submission.runs[i];
            if (!task_of(submission, i, queue)) continue;
            const FoundState found = state_of(submission.run_folder(run), run.fingerprint);
            const bool failed = found.state == RunState::failed && submission.holds_job(found.result->job);
            if (!failed) queued.insert(run.fingerprint);
        }
    }
    return queued;
}

}  // namespace labhost
