// Every epoch of every run, for other programs: CSV and JSON.
#pragma once

#include <span>
#include <string>

#include "record/run_record.hpp"
#include "support/json.hpp"

namespace labhost {

/// Tidy CSV (RFC 4180), a row for each run and epoch: experiment, id, status, model, seed, params.*, the metrics,
/// fingerprint. Doubles read back to the same bits; a loss that is no number is "nan".
std::string epochs_csv(std::span<const RunRecord> runs);

/// {"schema": 1, "runs": [...]}: what results_json says of a run, with "epochs", a list of flat objects as in
/// metrics.jsonl.
Json epochs_json(std::span<const RunRecord> runs);

}  // namespace labhost
