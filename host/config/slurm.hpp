// [launch.slurm]: what is asked of a Slurm cluster for each task, and how many runs a task has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace labhost {

/// Texts are handed to sbatch as they are; empty or nothing: its default.
struct SlurmSettings {
    std::string partition{};
    std::string account{};
    std::string time{};  ///< of a task: "30", "2:00:00"
    std::string mem{};   ///< "4G"
    std::string qos{};
    std::optional<std::int64_t> gpus_per_task{};
    std::optional<std::int64_t> cpus_per_task{};
    std::optional<std::int64_t> array_parallelism{};            ///< tasks at once
    std::int64_t pack = 1;                                      ///< runs a task
    std::int64_t max_requeues = 100;                            ///< of a task that is interrupted
    std::vector<std::pair<std::string, std::string>> sbatch{};  ///< other options, without "--"
};

/// "KEY=VALUE" of --sbatch, or a key of the table: refuses what is no option, and those that labhost sets itself.
/// Throws Error (usage) saying why, without a place.
std::pair<std::string, std::string> parse_sbatch(const std::string& option);

}  // namespace labhost
