#include "report/formats.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analysis/query.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

bool same_experiment(std::span<const RunRecord> runs) {
    return std::ranges::all_of(runs, [&](const RunRecord& run) { return run.experiment == runs.front().experiment; });
}

/// A field of CSV. Line breaks stay, in quotes; other control characters must not reach a terminal.
std::string csv_field(const std::string& text) {
    const std::string shown = printable_lines(text);
    if (shown.find_first_of(",\"\n") == std::string::npos) return shown;
    std::string quoted = "\"";
    for (const char c : shown) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string csv_line(const std::vector<std::string>& values) {
    std::vector<std::string> fields;
    for (const std::string& value : values) fields.push_back(csv_field(value));
    return join(fields, ",") + "\r\n";
}

std::string csv_value(const RunRecord& run, const std::string& key) {
    if (const auto value = value_of(run, key)) return plain_text(*value);
    // The loss of a finished run that diverged: a number's place, and no number.
    const bool diverged =
        run.status == RunState::finished && run.final && key != "seconds" && to_json(*run.final).contains(key);
    return diverged ? "nan" : "";
}

/// Text that Markdown takes for nothing but text, on one line.
std::string markdown_text(const std::string& text) {
    std::string escaped;
    for (const char c : printable(one_line(text))) {
        if (std::string_view("\\|`*[]<>&").find(c) != std::string_view::npos) escaped += '\\';
        escaped += c;
    }
    return escaped;
}

std::string markdown_row(const std::vector<std::string>& cells) {
    std::string row = "|";
    for (const std::string& cell : cells) row += fmt::format(" {} |", markdown_text(cell));
    return row + "\n";
}

}  // namespace

Json results_json(std::span<const RunRecord> runs, Json claims) {
    const bool one = !runs.empty() && same_experiment(runs);
    Json list = Json::array();
    for (const RunRecord& run : runs) {
        Json json = Json::object();
        if (!one) json["experiment"] = run.experiment;
        json.update({{"id", run.id},
                     {"fingerprint", run.fingerprint},
                     {"status", status_text(run)},
                     {"folder", run.folder.native()},
                     {"model", run.model},
                     {"params", run.params},
                     {"trainer", run.trainer},
                     {"data", run.data},
                     {"seed", run.seed},
                     {"final", run.final ? to_json(*run.final) : Json(nullptr)},
                     {"seconds", run.seconds ? Json(*run.seconds) : Json(nullptr)}});
        if (run.status == RunState::failed) json["reason"] = run.reason;
        list.push_back(std::move(json));
    }
    return {{"schema", 1},
            {"experiment", one ? Json(runs.front().experiment) : Json(nullptr)},
            {"runs", std::move(list)},
            {"claims", std::move(claims)}};
}

std::string cells_csv(const Cells& cells) {
    std::string csv = csv_line(cells.header);
    for (const auto& row : cells.rows) csv += csv_line(row);
    return csv;
}

std::string results_csv(std::span<const RunRecord> runs) {
    std::vector<std::string> keys{"experiment", "id", "status", "model", "seed"};
    for (const std::string& key : setting_keys(runs))
        if (key.starts_with("params.")) keys.push_back(key);
    keys.insert(keys.end(), metric_keys().begin(), metric_keys().end());
    keys.insert(keys.end(), {"seconds", "fingerprint", "folder"});
    std::string csv = csv_line(keys);
    for (const RunRecord& run : runs) {
        std::vector<std::string> values;
        for (const std::string& key : keys) values.push_back(csv_value(run, key));
        csv += csv_line(values);
    }
    return csv;
}

std::string cells_markdown(const Cells& cells) {
    std::string text = markdown_row(cells.header) + "|";
    for (std::size_t c = 0; c < cells.header.size(); ++c) text += c < cells.left ? " --- |" : " ---: |";
    text += "\n";
    for (const auto& row : cells.rows) text += markdown_row(row);
    if (!cells.notes.empty()) text += "\n";
    for (const std::string& note : cells.notes) text += fmt::format("- {}\n", markdown_text(note));
    return text;
}

std::string results_markdown(std::span<const RunRecord> runs, std::span<const std::string> shown) {
    return cells_markdown(result_cells(runs, shown));
}

}  // namespace labhost
