// Every epoch of every run, for other programs: CSV, JSON, and TensorBoard's event files.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "record/run_record.hpp"

namespace labhost {

/// Tidy CSV (RFC 4180), a row for each run and epoch: experiment, id, status, model, seed, params.*, the metrics,
/// fingerprint. Doubles read back to the same bits; a loss that is no number is "nan".
std::string epochs_csv(std::span<const RunRecord> runs);

/// {"schema": 1, "runs": [...]}: what results_json says of a run, with "epochs", a list of flat objects as in
/// metrics.jsonl.
Json epochs_json(std::span<const RunRecord> runs);

/// Writes FOLDER/<experiment>/<run's folder>/events.out.tfevents.<seconds>.labhost for each run that has an epoch, in
/// place of what an earlier export left: a scalar for each metric ("test/accuracy") and epoch, and the settings as a
/// text, "hparams". Times are the run's own. Gives how many. Throws StorageError.
std::size_t write_tensorboard(std::span<const RunRecord> runs, const std::filesystem::path& folder);

}  // namespace labhost
