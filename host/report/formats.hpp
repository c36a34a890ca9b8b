// Results in the formats that other programs read: JSON, CSV, and Markdown.
#pragma once

#include <span>
#include <string>

#include "record/run_record.hpp"
#include "report/table.hpp"

namespace labhost {

/// What `--json` of run and results prints; `claims` is a list of verdicts. With several experiments "experiment" is
/// null, and each run says its own.
Json results_json(std::span<const RunRecord> runs, Json claims = Json::array());

/// A header and a row for each run (RFC 4180): experiment, id, status, model, seed, params.*, metrics, seconds,
/// fingerprint, folder. Empty where a run has no value; doubles read back to the same bits.
std::string results_csv(std::span<const RunRecord> runs);

/// The cells as CSV, without the notes.
std::string cells_csv(const Cells& cells);
/// The cells as a table in Markdown; the notes follow as a list.
std::string cells_markdown(const Cells& cells);

/// The cells of results_table in Markdown.
std::string results_markdown(std::span<const RunRecord> runs, std::span<const std::string> shown = {});

}  // namespace labhost
