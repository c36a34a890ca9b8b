#include "support/slurm_task.hpp"

#include <cstdlib>

#include "support/machine.hpp"

namespace labhost {

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

std::optional<SlurmTask> own_slurm_task() {
    SlurmTask task;
    task.job = variable("SLURM_ARRAY_JOB_ID");
    if (const std::string index = variable("SLURM_ARRAY_TASK_ID"); !task.job.empty() && !index.empty())
        task.job.append("_").append(index);
    else
        task.job = variable("SLURM_JOB_ID");
    if (task.job.empty()) return std::nullopt;
    task.restarts = std::atoll(variable("SLURM_RESTART_COUNT").c_str());
    return task;
}

Json to_json(const SlurmTask& task) { return {{"job", task.job}, {"restarts", task.restarts}}; }

std::string node_name() {
    const std::string name = variable("SLURMD_NODENAME");
    return name.empty() ? host_name() : name;
}

}  // namespace labhost
