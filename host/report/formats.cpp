#include "report/formats.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "report/query.hpp"
#include "report/table.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

bool same_experiment(std::span<const RunRecord> runs) {
    return std::ranges::all_of(runs, [&](const RunRecord& run) { return run.experiment == runs.front().experiment; });
}

/// A field of CSV. Line breaks stay, in quotes; other control characters must not reach a terminal.
std::string csv_field(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        lines.push_back(printable(std::string_view(text).substr(begin, end - begin)));
        begin = end + 1;
    }
    lines.push_back(printable(std::string_view(text).substr(begin)));
    const std::string shown = join(lines, "\n");
    if (shown.find_first_of(",\"\n") == std::string::npos) return shown;
    std::string quoted = "\"";
    for (const char c : shown) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string csv_value(const RunRecord& run, const std::string& key) {
    if (const auto value = value_of(run, key)) return csv_field(plain_text(*value));
    // The loss of a finished run that diverged: a number's place, and no number.
    const auto metrics = metric_keys();
    const bool diverged = run.status == "finished" && run.final && std::ranges::find(metrics, key) != metrics.end();
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
                     {"status", run.status},
                     {"folder", run.folder.native()},
                     {"model", run.model},
                     {"params", run.params},
                     {"trainer", run.trainer},
                     {"data", run.data},
                     {"seed", run.seed},
                     {"final", run.final ? to_json(*run.final) : Json(nullptr)},
                     {"seconds", run.seconds ? Json(*run.seconds) : Json(nullptr)}});
        if (run.status == "failed") json["reason"] = run.reason;
        list.push_back(std::move(json));
    }
    return {{"schema", 1},
            {"experiment", one ? Json(runs.front().experiment) : Json(nullptr)},
            {"runs", std::move(list)},
            {"claims", std::move(claims)}};
}

std::string results_csv(std::span<const RunRecord> runs) {
    std::vector<std::string> keys{"experiment", "id", "status", "model", "seed"};
    for (const std::string& key : setting_keys(runs))
        if (key.starts_with("params.")) keys.push_back(key);
    keys.insert(keys.end(), metric_keys().begin(), metric_keys().end());
    keys.insert(keys.end(), {"seconds", "fingerprint", "folder"});
    const auto line = [](const std::vector<std::string>& fields) { return join(fields, ",") + "\r\n"; };
    std::vector<std::string> fields;
    for (const std::string& key : keys) fields.push_back(csv_field(key));
    std::string csv = line(fields);
    for (const RunRecord& run : runs) {
        fields.clear();
        for (const std::string& key : keys) fields.push_back(csv_value(run, key));
        csv += line(fields);
    }
    return csv;
}

std::string results_markdown(std::span<const RunRecord> runs, std::span<const std::string> shown) {
    const ResultCells cells = result_cells(runs, shown);
    std::string text = markdown_row(cells.header) + "|";
    for (std::size_t c = 0; c < cells.header.size(); ++c) text += c < cells.left ? " --- |" : " ---: |";
    text += "\n";
    for (const auto& row : cells.rows) text += markdown_row(row);
    if (!cells.failures.empty()) text += "\n";
    for (const std::string& failure : cells.failures) text += fmt::format("- {}\n", markdown_text(failure));
    return text;
}

}  // namespace labhost
