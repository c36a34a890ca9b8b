// Slurm's commands: sbatch, squeue, scontrol, scancel.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/slurm.hpp"
#include "sweep/submission.hpp"

namespace labhost {

/// The script that every task of a submission runs; its one argument is the number of the array's first task.
std::string task_script(const Submission& submission);

/// sbatch's command line for `tasks` tasks from `first` on.
std::vector<std::string> sbatch_command(const Submission& submission, const SlurmSettings& settings, std::size_t first,
                                        std::size_t tasks);

/// Hands all tasks to Slurm, at most MaxArraySize to a job, and notes the jobs in the submission's folder. Throws Error
/// (run_failed) with sbatch's words if it refuses; what it took before stays.
void submit_jobs(Submission& submission, const SlurmSettings& settings);

/// What Slurm says of the tasks that it has not ended yet: "PENDING", "RUNNING", ..., by job and array index. Throws Error
/// (run_failed) if squeue cannot tell.
using QueuedTasks = std::map<std::pair<std::string, std::size_t>, std::string>;
QueuedTasks queued_tasks();

/// The state of the task that a submission's run belongs to, nothing if Slurm has none or has ended it.
std::optional<std::string> state_of(const Submission& submission, std::size_t run, const QueuedTasks& queue);

/// Puts this process's own task back into the queue; false, and why not, if Slurm refuses.
std::pair<bool, std::string> requeue_own_task();

void cancel_jobs(const std::vector<std::string>& jobs);

}  // namespace labhost
