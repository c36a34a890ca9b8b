// Slurm's commands: sbatch, squeue, scontrol, scancel.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/submission.hpp"
#include "config/slurm.hpp"
#include "support/error.hpp"

namespace labhost {

/// A command of Slurm's fails, perhaps not for long.
class SlurmError : public Error {
public:
    explicit SlurmError(const std::string& message) : Error(ExitCode::run_failed, message) {}
};

/// What to say of a time limit that leaves a task hardly any time before its checkpoints; "" of a longer one.
std::string warning_of_time_limit(const SlurmSettings& settings);

/// The script that every task of a submission runs; its one argument is the number of the array's first task.
std::string task_script(const Submission& submission);

/// sbatch's command line for `tasks` tasks from `first` on.
std::vector<std::string> sbatch_command(const Submission& submission, const SlurmSettings& settings, std::size_t first,
                                        std::size_t tasks);

/// Hands all tasks to Slurm, its script being written, at most MaxArraySize to a job, and notes the jobs in the
/// submission's folder. Throws SlurmError with sbatch's words if it refuses; what it took before stays.
void submit_jobs(Submission& submission, const SlurmSettings& settings);

/// Writes a submission and hands it to Slurm. What Slurm took stays; of what it took nothing of, or could not be
/// copied, nothing is left. Throws as write_submission and submit_jobs do.
void hand_over(Submission& submission, const Plan& plan, const SlurmSettings& settings);

/// What Slurm says of a task that it has not ended yet.
struct QueuedTask {
    std::string state{};   ///< "PENDING", "RUNNING", ...
    std::string reason{};  ///< why it is pending: "Resources", "JobHeldUser"; or empty
};
struct Queue {
    std::map<std::pair<std::string, std::size_t>, QueuedTask> tasks{};  ///< by job and array index
    std::map<std::string, std::string> names{};                         ///< of jobs
};

constexpr const char* queue_format = "--format=%F|%K|%T|%r|%j";
/// From squeue's lines in that format.
Queue queue_from(const std::string& lines);
/// Throws SlurmError if squeue cannot tell.
Queue queued_tasks();

/// The task that a submission's run belongs to, nothing if Slurm has none or has ended it.
std::optional<QueuedTask> task_of(const Submission& submission, std::size_t run, const Queue& queue);

/// Finds, by their names, arrays of the submission that Slurm has and jobs.json has not: it was killed between sbatch
/// and that. True if there are some.
bool adopt_jobs(Submission& submission, const Queue& queue);

/// Puts this process's own task back into the queue; false, and why not, if Slurm refuses.
std::pair<bool, std::string> requeue_own_task();

void cancel_jobs(const std::vector<std::string>& jobs);

}  // namespace labhost
