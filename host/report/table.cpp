#include "report/table.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

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
std::string published(const PlannedRun& run, const Column& column) {
    const auto& values = run.settings.reference.*column.published;
    const auto epoch = static_cast<std::size_t>(run.settings.trainer.epochs);
    return values.size() < epoch ? "-" : fmt::format("{:.{}f}", values[epoch - 1], column.digits);
}

std::vector<std::string> row_of(const PlannedRun& run, bool with_published) {
    std::vector<std::string> row{run.settings.id};
    const bool done = run.status == RunStatus::finished && run.result && run.result->final;
    for (const Column& column : columns) {
        row.push_back(
            done ? fmt::format("{:.{}f}", plain_nan((*run.result->final).*column.pass.*column.value), column.digits)
                 : to_text(run.status));
        if (with_published) row.push_back(published(run, column));
    }
    row.push_back(run.result ? fmt::format("{:.1f}", run.result->seconds) : "-");
    return row;
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

std::string results_table(const Plan& plan) {
    const bool with_published = std::ranges::any_of(plan.runs, [](const PlannedRun& run) {
        return std::ranges::any_of(columns,
                                   [&](const Column& c) { return !(run.settings.reference.*c.published).empty(); });
    });
    std::vector<std::string> header{"run"};
    for (const Column& column : columns) {
        header.emplace_back(column.title);
        if (with_published) header.emplace_back("publ.");
    }
    header.emplace_back("seconds");
    std::vector<std::vector<std::string>> rows;
    std::string failures;
    for (const PlannedRun& run : plan.runs) {
        rows.push_back(row_of(run, with_published));
        if (run.status == RunStatus::failed)
            failures +=
                fmt::format("{} failed: {} ({})\n", run.settings.id, run.failure(), (run.folder / "log.txt").native());
    }
    std::string text = text_table(header, rows, 1);
    if (!failures.empty()) text += "\n" + failures;
    return text;
}

}  // namespace labhost
