#include "report/noise_table.hpp"

#include <fmt/format.h>

namespace labhost {

Cells noise_cells(std::span<const NoiseFloor> floors, Digits digits) {
    Cells cells{.header = {"configuration", "metric", "seeds", "mean", "deviation", "least", "most", "resolves"},
                .left = 2};
    std::size_t without = 0;
    std::string why;
    for (const NoiseFloor& floor : floors) {
        const auto shown = [&](double value) {
            return number_cell(floor.seeds > 0 ? std::optional(value) : std::nullopt, digits);
        };
        cells.rows.push_back({floor.configuration, floor.metric.text(), fmt::format("{}", floor.seeds),
                              shown(floor.mean), number_cell(floor.deviation, digits), shown(floor.least),
                              shown(floor.most), number_cell(floor.resolves, digits)});
        without += floor.without;
        if (why.empty()) why = floor.why;
    }
    if (without > 0) cells.notes.push_back(fmt::format("{} values are missing, the first since {}", without, why));
    cells.notes.emplace_back(
        "resolves: the least difference between two such configurations that these seeds find four times in five "
        "(one-sided paired t test, alpha 0.05, pairs independent)");
    return cells;
}

Json noise_json(std::span<const NoiseFloor> floors) {
    const auto number = [](const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); };
    Json list = Json::array();
    for (const NoiseFloor& floor : floors) {
        const bool some = floor.seeds > 0;
        list.push_back({{"configuration", floor.configuration},
                        {"metric", floor.metric.text()},
                        {"seeds", floor.seeds},
                        {"missing", floor.without},
                        {"mean", some ? Json(floor.mean) : Json(nullptr)},
                        {"deviation", number(floor.deviation)},
                        {"least", some ? Json(floor.least) : Json(nullptr)},
                        {"most", some ? Json(floor.most) : Json(nullptr)},
                        {"resolves", number(floor.resolves)}});
    }
    return list;
}

}  // namespace labhost
