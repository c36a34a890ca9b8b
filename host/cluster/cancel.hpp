// Takes what was submitted off the cluster.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace labhost {

/// Ends the experiment's jobs and waits until Slurm has none of their tasks, which have made their checkpoints then.
/// `runs_folder` is absolute. The number of jobs. Throws Error: usage, if nothing was submitted; run_failed, if tasks
/// are left after some minutes; SlurmError.
std::size_t cancel_submitted(const std::filesystem::path& runs_folder, const std::string& experiment);

}  // namespace labhost
