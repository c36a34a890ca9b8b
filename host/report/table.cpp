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
    const char* metric;
    std::vector<double> Reference::*published;  ///< nullptr: nobody publishes it
    int digits;
};

constexpr std::array<Column, 12> all_columns{{
    {"train loss", "train.loss", &Reference::train_loss, 4},
    {"train %", "train.accuracy", &Reference::train_accuracy, 2},
    {"validation loss", "validation.loss", nullptr, 4},
    {"validation %", "validation.accuracy", nullptr, 2},
    {"validation rmse", "validation.rmse", nullptr, 4},
    {"test loss", "test.loss", &Reference::test_loss, 4},
    {"test %", "test.accuracy", &Reference::test_accuracy, 2},
    {"mae", "test.mae", nullptr, 4},
    {"rmse", "test.rmse", nullptr, 4},
    {"r2", "test.r2", nullptr, 4},
    {"f1 macro", "test.f1", nullptr, 4},
    {"f1 micro", "test.f1_micro", nullptr, 4},
}};

/// Those of what the runs have; of none that is over those of classes.
std::vector<Column> columns_of(std::span<const RunRecord> runs) {
    const auto any_has = [&](std::string_view metric) {
        return std::ranges::any_of(
            runs, [&](const RunRecord& run) { return run.final && metric_of(*run.final, metric).has_value(); });
    };
    const bool is_of_classes = any_has("test.accuracy") || !any_has("test.loss");
    std::vector<Column> columns;
    for (const Column& column : all_columns) {
        const std::string_view metric = column.metric;
        const bool always = metric == "train.loss" || metric == "test.loss" ||
                            (is_of_classes && (metric == "train.accuracy" || metric == "test.accuracy"));
        const bool beside_accuracy = metric == "test.f1" && !any_has("test.f1_micro");  // classes show that alone
        if (always || (any_has(metric) && !beside_accuracy)) columns.push_back(column);
    }
    return columns;
}

/// Whether the run left the weights of an epoch before its last.
bool kept_another_epoch(const RunRecord& run) {
    return run.final && run.kept_epoch != 0 && run.kept_epoch != run.final->epoch;
}

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
    if (!value) return "-";
    const bool is_metric = std::ranges::find(metric_names(), key) != metric_names().end();
    return is_metric && value->is_number_float() ? number_cell(value->get<double>(), Digits::four) : plain_text(*value);
}

/// Of the last epoch.
std::string metric_cell(const RunRecord& run, const Column& column) {
    if (run.status != RunState::finished || !run.final) return status_text(run);
    const auto value = metric_of(*run.final, column.metric);
    return value ? fmt::format("{:.{}f}", plain_nan(*value), column.digits) : "-";
}

std::vector<std::string> row_of(const RunRecord& run, std::span<const std::string> more,
                                std::span<const Column> columns, bool with_published) {
    std::vector<std::string> row{run.id};
    for (const std::string& key : more) row.push_back(shown_value(run, key));
    for (const Column& column : columns) {
        row.push_back(metric_cell(run, column));
        if (with_published && column.published != nullptr) row.push_back(published(run, column));
    }
    row.push_back(run.seconds ? fmt::format("{:.1f}", *run.seconds) : "-");
    return row;
}

/// The columns between the run's id and its metrics.
std::vector<std::string> more_keys(std::span<const RunRecord> runs, std::span<const Column> columns,
                                   std::span<const std::string> shown) {
    std::vector<std::string_view> there{"id", "seconds", "experiment"};
    for (const Column& column : columns) there.emplace_back(column.metric);
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
    const auto columns = columns_of(runs);
    const bool with_published = std::ranges::any_of(runs, [&](const RunRecord& run) {
        return std::ranges::any_of(
            columns, [&](const Column& c) { return c.published != nullptr && !(run.reference.*c.published).empty(); });
    });
    const bool with_kept = std::ranges::any_of(runs, kept_another_epoch);
    const bool several =
        std::ranges::any_of(runs, [&](const RunRecord& run) { return run.experiment != runs.front().experiment; });
    const auto more = more_keys(runs, columns, shown);
    Cells cells;
    if (several) cells.header.emplace_back("experiment");
    cells.header.emplace_back("run");
    cells.left = cells.header.size();
    cells.header.insert(cells.header.end(), more.begin(), more.end());
    for (const Column& column : columns) {
        cells.header.emplace_back(column.title);
        if (with_published && column.published != nullptr) cells.header.emplace_back("publ.");
    }
    if (with_kept) cells.header.emplace_back("kept");
    cells.header.emplace_back("seconds");
    for (const RunRecord& run : runs) {
        auto row = row_of(run, more, columns, with_published);
        if (with_kept) row.insert(row.end() - 1, run.kept_epoch == 0 ? "-" : fmt::format("{}", run.kept_epoch));
        if (several) row.insert(row.begin(), run.experiment);
        cells.rows.push_back(std::move(row));
        if (run.status == RunState::failed)
            cells.notes.push_back(
                fmt::format("{} failed: {} ({})", run.id, run.reason, (run.folder / run_file::log).native()));
    }
    if (with_kept)
        cells.notes.emplace_back(
            "numbers of the last epoch; kept: the epoch whose weights and predictions a run left, whose metrics "
            "METRIC@best "
            "gives");
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
