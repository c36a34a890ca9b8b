#include "cluster/cancel.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "cluster/slurm.hpp"
#include "cluster/tracking.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

constexpr std::chrono::seconds job_poll_every{1};
constexpr std::chrono::minutes patience{3};  // a task has Slurm's KillWait for its checkpoints

/// Which tasks count: all, or those that are not being ended already.
enum class Tasks { all, not_completing };

/// The arrays of these submissions that Slurm has tasks of.
std::set<std::string> jobs_in(const Queue& queue, const std::vector<Submission>& submissions, Tasks which) {
    std::set<std::string> jobs;
    for (const auto& [task, queued] : queue.tasks)
        if (!(which == Tasks::not_completing && queued.state == "COMPLETING") &&
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
        const auto left = jobs_in(queue, submissions, Tasks::all);
        if (left.empty()) return;
        if (std::chrono::steady_clock::now() > until)
            throw Error(ExitCode::run_failed,
                        fmt::format("labhost cancel: error: {} minutes after scancel, Slurm still has tasks of the "
                                    "jobs {}; look with squeue, and cancel again",
                                    patience.count(), join(std::vector<std::string>(left.begin(), left.end()))));
        const auto going = jobs_in(queue, submissions, Tasks::not_completing);
        if (!going.empty()) cancel_jobs({going.begin(), going.end()});
        std::this_thread::sleep_for(job_poll_every);
    }
}

}  // namespace

std::size_t cancel_submitted(const std::filesystem::path& runs_folder, const std::string& experiment) {
    submissions_of(runs_folder, experiment);  // throws if there is none, before anything is made for the lock
    // What is being submitted is cancelled too, and what was killed then is known by its name.
    const auto lock = lock_submissions(runs_folder);
    auto submissions = find_submissions(runs_folder, experiment);
    const Queue queue = queued_tasks();
    for (Submission& submission : submissions)
        if (adopt_jobs(submission, queue)) write_jobs(submission);
    std::erase_if(submissions,
                  [&](const Submission& submission) { return jobs_in(queue, {submission}, Tasks::all).empty(); });
    for (const Submission& submission : submissions)
        write_file_atomically(submission.folder / "cancelled", "");  // before: a task must not requeue itself
    const std::size_t jobs = jobs_in(queue, submissions, Tasks::all).size();
    cancel_until_gone(submissions);
    return jobs;
}

}  // namespace labhost
