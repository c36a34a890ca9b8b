// Every epoch of every run, as TensorBoard's event files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "record/run_record.hpp"

namespace labhost {

/// Writes FOLDER/<experiment>/<run's folder>/events.out.tfevents.<seconds>.labhost for each run that has an epoch, in
/// place of what an earlier export left: a scalar for each metric ("test/accuracy") and epoch, and the settings as a
/// text, "hparams". Times are the run's own. Gives how many. Throws StorageError.
std::size_t write_tensorboard(std::span<const RunRecord> runs, const std::filesystem::path& folder);

}  // namespace labhost
