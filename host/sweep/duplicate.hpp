// A run that is the same as one that is finished: its numbers are taken, not trained again.
#pragma once

#include <filesystem>
#include <optional>

#include "record/run_folder.hpp"
#include "sweep/message.hpp"
#include "sweep/plan.hpp"

namespace labhost {

/// [worker] Copies what the finished run in `duplicate` left into `folder`, the run's own, with a run.json that says
/// where from. Nothing, and the folder as it was, if some of it is gone. Throws StorageError.
std::optional<message::Finished> adopt_duplicate(const Plan& plan, const PlannedRun& run, const Device& device,
                                                 const std::filesystem::path& duplicate, RunFolder& folder);

}  // namespace labhost
