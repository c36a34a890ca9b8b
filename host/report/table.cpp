#include "report/table.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "analysis/query.hpp"
#include "analysis/settings.hpp"
#include "record/run_layout.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

struct Column {
    const char* title;
    double PassMetrics::*value;
    PassMetrics EpochMetrics::*pass;
    std::vector<double> Reference::*published;
    int digits;
};

constexpr std::array<Column, 4> columns{{
    {"train loss", &PassMetrics::loss, &EpochMetrics::train, &Reference::train_loss, 4},
    {"train %", &PassMetrics::accuracy, &EpochMetrics::train, &Reference::train_accuracy, 2},
    {"test loss", &PassMetrics::loss, &EpochMetrics::test, &Reference::test_loss, 4},
    {"test %", &PassMetrics::accuracy, &EpochMetrics::test, &Reference::test_accuracy, 2},
}};

/// What was published for the run's last epoch; "-" if nothing was.
std::string published(const RunRecord& run, const Column& column) {
    const auto& values = run.reference.*column.published;
    const auto epochs = run.trainer.find("epochs");
    const bool known = epochs != run.trainer.end() && epochs->is_number_integer();
    const std::int64_t epoch = known ? epochs->get<std::int64_t>() : 0;
    return epoch < 1 || std::cmp_less(values.size(), epoch)
               ? "-"
               : fmt::format("{:.{}f}", values[static_cast<std::size_t>(epoch) - 1], column.digits);
}

std::string shown_value(const RunRecord& run, const std::string& key) {
    const auto value = value_of(run, key);
    return value ? plain_text(*value) : "-";
}

std::vector<std::string> row_of(const RunRecord& run, std::span<const std::string> more, bool with_published) {
    std::vector<std::string> row{run.id};
    for (const std::string& key : more) row.push_back(shown_value(run, key));
    const bool done = run.status == RunState::finished && run.final;
    for (const Column& column : columns) {
        row.push_back(done ? fmt::format("{:.{}f}", plain_nan((*run.final).*column.pass.*column.value), column.digits)
                           : status_text(run));
        if (with_published) row.push_back(published(run, column));
    }
    row.push_back(run.seconds ? fmt::format("{:.1f}", *run.seconds) : "-");
    return row;
}

/// The columns between the run's id and its metrics.
std::vector<std::string> more_keys(std::span<const RunRecord> runs, std::span<const std::string> shown) {
    constexpr std::array<std::string_view, 7> there{
        "id", "train.loss", "train.accuracy", "test.loss", "test.accuracy", "seconds", "experiment"};
    std::vector<std::string> keys = keys_telling_apart(runs);
    for (const std::string& key : shown)
        if (std::ranges::find(there, key) == there.end() && std::ranges::find(keys, key) == keys.end())
            keys.push_back(key);
    return keys;
}

}  // namespace

std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                       std::size_t left) {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < header.size(); ++c) {
        widths.push_back(header[c].size());
        for (const auto& row : rows) widths[c] = std::max(widths[c], row[c].size());
    }
    std::string text;
    const auto line = [&](const std::vector<std::string>& cells) {
        std::string out;
        for (std::size_t c = 0; c < cells.size(); ++c)
            out +=
                c < left ? fmt::format("{:<{}}  ", cells[c], widths[c]) : fmt::format("{:>{}}  ", cells[c], widths[c]);
        out.erase(out.find_last_not_of(' ') + 1);
        text += out + "\n";
    };
    line(header);
    std::string rule;
    for (const std::size_t width : widths) rule += std::string(width, '-') + "  ";
    text += rule.substr(0, rule.size() - 2) + "\n";
    for (const auto& row : rows) line(row);
    return text;
}

Cells result_cells(std::span<const RunRecord> runs, std::span<const std::string> shown) {
    const bool with_published = std::ranges::any_of(runs, [](const RunRecord& run) {
        return std::ranges::any_of(columns, [&](const Column& c) { return !(run.reference.*c.published).empty(); });
    });
    const bool several =
        std::ranges::any_of(runs, [&](const RunRecord& run) { return run.experiment != runs.front().experiment; });
    const auto more = more_keys(runs, shown);
    Cells cells;
    if (several) cells.header.emplace_back("experiment");
    cells.header.emplace_back("run");
    cells.left = cells.header.size();
    cells.header.insert(cells.header.end(), more.begin(), more.end());
    for (const Column& column : columns) {
        cells.header.emplace_back(column.title);
        if (with_published) cells.header.emplace_back("publ.");
    }
    cells.header.emplace_back("seconds");
    for (const RunRecord& run : runs) {
        auto row = row_of(run, more, with_published);
        if (several) row.insert(row.begin(), run.experiment);
        cells.rows.push_back(std::move(row));
        if (run.status == RunState::failed)
            cells.notes.push_back(
                fmt::format("{} failed: {} ({})", run.id, run.reason, (run.folder / run_file::log).native()));
    }
    return cells;
}

std::string table_text(const Cells& cells) {
    Cells safe = cells;
    for (std::string& cell : safe.header) cell = printable(cell);
    for (auto& row : safe.rows)
        for (std::string& cell : row) cell = printable(cell);
    std::string text = text_table(safe.header, safe.rows, safe.left);
    if (!safe.notes.empty()) text += "\n";
    for (const std::string& note : safe.notes) text += printable(one_line(note)) + "\n";
    return text;
}

std::string number_cell(const std::optional<double>& number, Digits digits) {
    if (!number) return digits == Digits::four ? "-" : "";
    return digits == Digits::four ? fmt::format("{:.4f}", *number) : fmt::format("{}", *number);
}

std::string p_text(double p) { return p < 1e-4 ? fmt::format("{:.1e}", p) : fmt::format("{:.4f}", p); }

std::string p_cell(const std::optional<double>& p, Digits digits) {
    return p && digits == Digits::four ? p_text(*p) : number_cell(p, digits);
}

std::string results_table(std::span<const RunRecord> runs, std::span<const std::string> shown) {
    return table_text(result_cells(runs, shown));
}

}  // namespace labhost
