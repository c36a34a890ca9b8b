// The task of a Slurm cluster that this process is a part of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "support/json.hpp"

namespace labhost {

struct SlurmTask {
    std::string job{};          ///< "123_4", or "123" if it is none of an array
    std::int64_t restarts = 0;  ///< how often it was put back into the queue
};

/// Nothing outside Slurm.
std::optional<SlurmTask> own_slurm_task();

/// "job", "restarts".
Json to_json(const SlurmTask& task);

/// Slurm's name of this node; outside Slurm the host's.
std::string node_name();

}  // namespace labhost
