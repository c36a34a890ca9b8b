// labhost status and collect: what became of what was submitted.
#include <algorithm>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "analysis/claims.hpp"
#include "cli/submitted.hpp"
#include "cli/verbs.hpp"
#include "cluster/slurm.hpp"
#include "cluster/submission.hpp"
#include "record/run_layout.hpp"
#include "report/formats.hpp"
#include "report/table.hpp"
#include "support/console.hpp"
#include "support/files.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds ask_every{2};
constexpr std::chrono::milliseconds tick{100};
constexpr std::chrono::seconds late_at_most{60};  // what NFS shows to another machine
constexpr std::chrono::minutes patience{5};       // with a Slurm that does not answer

constexpr const char* nowhere = "lost";  // of a run that Slurm has no more, and that left no folder

/// Slurm has it no more, and it left no result.
bool is_lost(const RunRecord& run) {
    return !is_over(run.status) && (run.queue_state.empty() || run.queue_state == nowhere);
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

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

RunRecord record_in(const fs::path& folder, const SubmittedRun& run, const std::string& experiment) {
    if (auto found = find_record(folder, run.fingerprint)) return std::move(*found);
    return {.experiment = experiment,
            .id = run.id,
            .model = run.model,
            .seed = run.seed,
            .fingerprint = run.fingerprint,
            .folder = folder,
            .queue_state = nowhere};
}

std::map<std::string, int> counts_of(const SubmittedRecords& records) {
    std::map<std::string, int> counts;
    for (const RunRecord& run : records.runs) ++counts[status_text(run)];
    return counts;
}

std::string counts_text(const SubmittedRecords& records) {
    std::vector<std::string> parts;
    for (const auto& [status, count] : counts_of(records)) parts.push_back(fmt::format("{} {}", count, status));
    return fmt::format("{} runs: {}", records.runs.size(), join(parts));
}

ExitCode print_collected(const SubmittedRecords& records, const Options& options) {
    const ExitCode code = print_collected(records.runs, records.experiment.claims, options);
    for (std::size_t i = 0; i < records.runs.size(); ++i) {
        const RunRecord& run = records.runs[i];
        if (!is_lost(run) && run.status != RunState::failed) continue;
        diagnose(fmt::format("labhost: {} {}{}; labhost submit hands it over again\n", run.id,
                             is_lost(run) ? "was not ended by its task" : "failed",
                             records.logs[i].empty() ? "" : fmt::format(" ({})", records.logs[i])));
    }
    return code;
}

ExitCode collect(const Options& options) {
    const SubmittedRecords records = submitted_records(options.places.runs, submitted_name(options));
    const bool some_open =
        std::ranges::any_of(records.runs, [](const RunRecord& run) { return !is_over(run.status) && !is_lost(run); });
    if (some_open) diagnose(fmt::format("labhost: not all are over yet: {}\n", counts_text(records)));
    return print_collected(records, options);
}

ExitCode show_status(const Options& options) {
    const SubmittedRecords records = submitted_records(options.places.runs, submitted_name(options));
    if (options.json) {
        Json runs = Json::array();
        for (std::size_t i = 0; i < records.runs.size(); ++i)
            runs.push_back({{"id", records.runs[i].id},
                            {"fingerprint", records.runs[i].fingerprint},
                            {"status", status_text(records.runs[i])},
                            {"reason", records.runs[i].reason},
                            {"folder", records.runs[i].folder.native()},
                            {"log", records.logs[i]}});
        fmt::print("{}", to_text({{"schema", 1}, {"experiment", records.experiment.name}, {"runs", std::move(runs)}}));
        return ExitCode::ok;
    }
    Cells cells{.header = {"run", "print", "status", "reason", "log"}, .left = 5};
    for (std::size_t i = 0; i < records.runs.size(); ++i)
        cells.rows.push_back({records.runs[i].id, short_fingerprint(records.runs[i].fingerprint),
                              status_text(records.runs[i]), one_line(records.runs[i].reason), records.logs[i]});
    fmt::print("{}\n{}\n", table_text(cells), counts_text(records));
    return ExitCode::ok;
}

/// Throws StopError if a signal has come.
void wait_no_more_if_asked() {
    if (StopSignals::noted() != 0)
        throw StopError(StopSignals::noted() == SIGINT ? ExitCode::interrupted : ExitCode::terminated,
                        "labhost: waits no more; the jobs go on, and labhost status says how");
}

}  // namespace

ExitCode print_collected(const std::vector<RunRecord>& runs, const std::vector<Claim>& claims, const Options& options) {
    const auto verdicts = judge_claims(claims, runs);
    if (options.json) {
        fmt::print("{}", to_text(results_json(runs, verdicts_json(verdicts))));
    } else {
        fmt::print("{}", results_table(runs));
        if (!verdicts.empty()) fmt::print("\n{}", verdicts_text(verdicts));
    }
    const bool all_well =
        std::ranges::all_of(runs, [](const RunRecord& run) { return run.status == RunState::finished; });
    return all_well ? ExitCode::ok : ExitCode::run_failed;
}

std::string submitted_name(const Options& options) {
    try {
        return read_experiment(options.argument, options.overrides).name;
    } catch (const Error& e) {
        const fs::path file = fs::absolute(options.argument).lexically_normal();
        const auto all = find_submissions(fs::absolute(options.places.runs), "");
        std::string name;
        for (const Submission& submission : all)  // sorted by name, then by age
            if (options.overrides.set.empty() && submission.overrides.folder / submission.file_name == file)
                name = submission.experiment;
        if (name.empty()) throw;
        diagnose(fmt::format("labhost: warning: {}; going by what was submitted of it as {}\n", e.what(), name));
        return name;
    }
}

Error nothing_submitted(const fs::path& runs_folder, const std::string& experiment) {
    return {ExitCode::usage,
            fmt::format(
                "{}: error: nothing of {} was submitted from here; labhost submit does it, or name the folder of runs "
                "with --runs",
                printable((runs_folder / ".submit").native()), experiment)};
}

SubmittedRecords submitted_records(const fs::path& runs_folder, const std::string& experiment) {
    auto submissions = find_submissions(fs::absolute(runs_folder), experiment);
    if (submissions.empty()) throw nothing_submitted(runs_folder, experiment);
    // Slurm first: what it has ended by then has left its result, as soon as the disk shows it.
    const Queue queue = queued_tasks();
    for (Submission& submission : submissions) adopt_jobs(submission, queue);
    // The last submission of an id counts: a plugin that was built anew has other fingerprints.
    std::map<std::string, std::pair<const Submission*, std::size_t>> last;
    std::vector<std::string> ids;
    for (const Submission& submission : submissions)
        for (std::size_t i = 0; i < submission.runs.size() + submission.finished.size(); ++i) {
            const std::string& id = run_at(submission, i).id;
            if (!last.contains(id)) ids.push_back(id);
            last[id] = {&submission, i};
        }
    SubmittedRecords records;
    for (const std::string& id : ids) {
        const auto& [submission, index] = last[id];
        const SubmittedRun& run = run_at(*submission, index);
        records.runs.push_back(record_in(submission->run_folder(run), run, experiment));
        RunRecord& record = records.runs.back();
        records.logs.push_back(log_of(submissions, record));
        if (records.logs.back().empty() && index < submission->runs.size())
            records.logs.back() = log_of(*submission, index);
        // What failed in this submission is over, though others of its task go on.
        if (record.status == RunState::finished ||
            (record.status == RunState::failed && submission->holds_job(record.job)))
            continue;
        if (const auto task = task_of(*submission, index, queue)) {
            record.queue_state = lower(task->state);
            if (is_over(record.status)) record.status = RunState::unfinished;  // it is tried again
            record.reason = task->state == "PENDING" ? task->reason : std::string();
        }
    }
    if (auto known = read_experiment_record(fs::absolute(runs_folder) / experiment))
        records.experiment = std::move(*known);
    records.experiment.name = experiment;
    return records;
}

ExitCode wait_for_submitted(const fs::path& runs_folder, const std::string& experiment, const Options& options) {
    using Clock = std::chrono::steady_clock;
    const StopSignals signals;
    std::string said;
    auto lost_since = Clock::now();
    auto heard = Clock::now();
    bool silence_said = false;
    for (;;) {
        try {
            const SubmittedRecords records = submitted_records(runs_folder, experiment);
            heard = Clock::now();
            silence_said = false;
            if (std::string now = counts_text(records); now != said) {
                diagnose(fmt::format("labhost: {}\n", now));
                said = std::move(now);
            }
            if (std::ranges::all_of(records.runs, [](const RunRecord& run) { return is_over(run.status); }))
                return print_collected(records, options);
            const bool only_lost = std::ranges::all_of(
                records.runs, [](const RunRecord& run) { return is_over(run.status) || is_lost(run); });
            if (!only_lost) lost_since = heard;
            if (heard - lost_since > late_at_most) return print_collected(records, options);
        } catch (const SlurmError& e) {
            wait_no_more_if_asked();  // Ctrl-C ends squeue, too
            if (Clock::now() - heard > patience) throw;
            if (!std::exchange(silence_said, true))
                diagnose(fmt::format("labhost: warning: {}; it is asked again, for {} minutes\n", e.what(),
                                     patience.count()));
            lost_since = Clock::now();
        }
        const auto until = Clock::now() + ask_every;
        while (Clock::now() < until) {
            wait_no_more_if_asked();
            std::this_thread::sleep_for(tick);
        }
    }
}

Verb status_verb() {
    return {{.verb = "status",
             .argument = "EXPERIMENT.toml",
             .summary = "how the submitted runs of the experiment stand",
             .json = true,
             .follows = true},
            show_status};
}

Verb collect_verb() {
    return {{.verb = "collect",
             .argument = "EXPERIMENT.toml",
             .summary = "the results of the submitted runs, as after labhost run",
             .json = true,
             .follows = true},
            collect};
}

}  // namespace labhost
