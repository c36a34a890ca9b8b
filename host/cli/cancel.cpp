// labhost cancel: takes what was submitted off the cluster.
#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "cli/submitted.hpp"
#include "cli/verb.hpp"
#include "cluster/slurm.hpp"
#include "cluster/submission.hpp"
#include "support/console.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds look_every{1};
constexpr std::chrono::minutes patience{3};  // a task has Slurm's KillWait for its checkpoints

/// The arrays of these submissions that Slurm has tasks of; `going`: only those that are not being ended already.
std::set<std::string> jobs_in(const Queue& queue, const std::vector<Submission>& submissions, bool going) {
    std::set<std::string> jobs;
    for (const auto& [task, said] : queue.tasks)
        if (!(going && said.state == "COMPLETING") &&
            std::ranges::any_of(submissions,
                                [&](const Submission& submission) { return submission.holds_job(task.first); }))
            jobs.insert(task.first);
    return jobs;
}

/// A task that requeued itself at the same instant is in the queue again after scancel: so until none is there.
void cancel_until_gone(const std::vector<Submission>& submissions) {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const Queue queue = queued_tasks();
        const auto left = jobs_in(queue, submissions, /*going=*/false);
        if (left.empty()) return;
        const std::vector<std::string> names(left.begin(), left.end());
        if (std::chrono::steady_clock::now() > until)
            throw Error(
                ExitCode::run_failed,
                fmt::format(
                    "labhost cancel: error: {} minutes after scancel, Slurm still has tasks of the jobs {}; look "
                    "with squeue, and cancel again",
                    patience.count(), join(names)));
        const auto going = jobs_in(queue, submissions, /*going=*/true);
        if (!going.empty()) cancel_jobs({going.begin(), going.end()});
        std::this_thread::sleep_for(look_every);
    }
}

ExitCode cancel(const SubmittedExperiment& submitted) {
    const fs::path runs = fs::absolute(submitted.runs);
    const std::string experiment = submitted_name(submitted);
    auto submissions = find_submissions(runs, experiment);
    if (submissions.empty()) throw nothing_submitted(runs, experiment);
    // What is being submitted is cancelled too, and what was killed then is known by its name.
    const auto lock = lock_submissions(runs);
    submissions = find_submissions(runs, experiment);
    const Queue queue = queued_tasks();
    for (Submission& submission : submissions)
        if (adopt_jobs(submission, queue)) write_jobs(submission);
    std::erase_if(submissions,
                  [&](const Submission& submission) { return jobs_in(queue, {submission}, false).empty(); });
    for (const Submission& submission : submissions)
        write_file_atomically(submission.folder / "cancelled", "");  // before: a task must not requeue itself
    const std::size_t jobs = jobs_in(queue, submissions, false).size();
    cancel_until_gone(submissions);
    fmt::print("{} jobs of {} cancelled; what they trained stays, and labhost submit goes on from there\n", jobs,
               experiment);
    return ExitCode::ok;
}

}  // namespace

Verb cancel_verb() { return make_verb("cancel", "takes the submitted runs of the experiment off the cluster", cancel); }

}  // namespace labhost
