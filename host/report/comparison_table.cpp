#include "report/comparison_table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "support/text.hpp"

namespace labhost {

Cells comparison_cells(const Comparisons& comparisons, Digits digits) {
    Cells cells{.header = {"configuration", "metric", "seeds", "A", "B", "A - B", "low", "high", "p", "p adjusted"},
                .left = 2};
    if (digits == Digits::four) cells.notes.push_back(fmt::format("A: {}   B: {}", comparisons.a, comparisons.b));
    std::size_t unpaired = 0;
    for (const Comparison& row : comparisons.rows) {
        const auto mean = [&](const std::optional<Spread>& side) {
            return number_cell(side ? std::optional(side->mean) : std::nullopt, digits);
        };
        const auto bound = [&](double Interval::*end) {
            return number_cell(row.interval ? std::optional((*row.interval).*end) : std::nullopt, digits);
        };
        cells.rows.push_back({row.configuration, row.metric.text(), fmt::format("{}", row.seeds), mean(row.a),
                              mean(row.b), number_cell(row.difference, digits), bound(&Interval::low),
                              bound(&Interval::high), p_cell(row.p, digits), p_cell(row.p_holm, digits)});
        unpaired = std::max(unpaired, row.unpaired);
    }
    cells.notes.emplace_back(
        "means over the seeds that both have; low, high: of A - B at 95 %; p: two-sided paired t test, "
        "adjusted for the configurations of a metric (Holm)");
    if (unpaired > 0)
        cells.notes.push_back(
            fmt::format("up to {} seeds of a configuration are left out, since one side has no value", unpaired));
    const auto only = [&](const char* side, const std::vector<std::string>& labels) {
        if (!labels.empty()) cells.notes.push_back(fmt::format("only in {}: {}", side, join(labels)));
    };
    only("A", comparisons.only_in_a);
    only("B", comparisons.only_in_b);
    return cells;
}

Json comparison_json(const Comparisons& comparisons) {
    const auto number = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
    const auto side = [&](const std::optional<Spread>& spread) {
        if (!spread) return Json(nullptr);
        return Json{{"mean", spread->mean}, {"deviation", spread->count > 1 ? Json(spread->deviation) : Json(nullptr)}};
    };
    Json rows = Json::array();
    for (const Comparison& row : comparisons.rows)
        rows.push_back({{"configuration", row.configuration},
                        {"metric", row.metric.text()},
                        {"seeds", row.seeds},
                        {"unpaired", row.unpaired},
                        {"a", side(row.a)},
                        {"b", side(row.b)},
                        {"difference", number(row.difference)},
                        {"low", row.interval ? Json(row.interval->low) : Json(nullptr)},
                        {"high", row.interval ? Json(row.interval->high) : Json(nullptr)},
                        {"p", number(row.p)},
                        {"p_adjusted", number(row.p_holm)}});
    return {{"schema", 1},
            {"a", comparisons.a},
            {"b", comparisons.b},
            {"rows", std::move(rows)},
            {"only_in_a", comparisons.only_in_a},
            {"only_in_b", comparisons.only_in_b}};
}

}  // namespace labhost
