#include "config/axes.hpp"

#include <algorithm>
#include <map>
#include <ranges>

#include <fmt/format.h>

#include "config/settings.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

struct Axis {
    std::string key;
    std::vector<AxisValue> values;
    toml::source_position written;
};

/// `value` so that it can stand in a run's id and be a part of a folder's name.
std::string label_of(const std::string& short_key, const ParamValue& value) {
    std::string text = to_text(value);
    for (char& c : text)
        if (!is_file_name(std::string_view(&c, 1)) && c != '.') c = '_';
    const bool is_word = std::holds_alternative<std::string>(value) || std::holds_alternative<bool>(value);
    return fmt::format("{}{}{}", short_key, is_word ? "_" : "", text);
}

/// Appends the axes of `table`, nested tables as dotted keys. A lone value is an axis of one if `lone_values`.
void collect(const toml::table& table, const std::string& prefix, const StrictTable& grid, bool lone_values,
             std::vector<Axis>& axes) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix.empty() ? std::string(key.str()) : fmt::format("{}.{}", prefix, key.str());
        const Location where = location_of(key.source(), location_of(node.source(), grid.where()));
        if (node.is_table()) {
            collect(*node.as_table(), name, grid, lone_values, axes);
            continue;
        }
        const auto parts = split(name, '.');
        const bool has_empty_part = join(parts, ".") != name;
        if (parts.size() < 2 || has_empty_part || (parts[0] != "params" && parts[0] != "trainer" && parts[0] != "data"))
            fail_at(where,
                    fmt::format(
                        "an axis is params.NAME, trainer.KEY or data.KEY, not '{}'; for a parameter write 'params.{}'",
                        name, name));
        if (std::ranges::find(axes, name, &Axis::key) != axes.end())
            fail_at(where, fmt::format("the axis '{}' is written twice", name));
        Axis axis{name, {}, key.source().begin};
        const auto add = [&](const toml::node& value) {
            const Location place = location_of(value.source(), where);
            axis.values.push_back({name, &value, place, label_of(parts.back(), param_value(value, name, place))});
        };
        if (node.is_array()) {
            for (const toml::node& element : *node.as_array()) add(element);
        } else if (lone_values) {
            add(node);
        }
        if (axis.values.empty())
            fail_at(where, fmt::format("the axis '{}' must be an array of values, not {}", name,
                                       node.is_array() ? "an empty one" : type_name(node)));
        axes.push_back(std::move(axis));
    }
}

}  // namespace

std::vector<GridPoint> grid_points(const StrictTable& grid) {
    std::vector<Axis> axes;
    collect(grid.raw(), "", grid, false, axes);
    std::ranges::stable_sort(axes, [](const Axis& a, const Axis& b) {
        return a.written.line != b.written.line ? a.written.line < b.written.line : a.written.column < b.written.column;
    });
    std::vector<GridPoint> points{{}};
    for (const Axis& axis : axes) {
        std::vector<GridPoint> longer;
        for (const GridPoint& point : points)
            for (const AxisValue& value : axis.values) {
                longer.push_back(point);
                longer.back().push_back(value);
            }
        points = std::move(longer);
    }
    return points;
}

bool matches(const StrictTable& when, const GridPoint& point) {
    std::vector<Axis> conditions;
    collect(when.raw(), "", when, true, conditions);
    return std::ranges::all_of(conditions, [&](const Axis& condition) {
        const auto axis = std::ranges::find(point, condition.key, &AxisValue::key);
        if (axis == point.end())
            fail_at(condition.values.front().where, fmt::format("'{}' is no axis of this run's grid", condition.key));
        return std::ranges::find(condition.values, axis->label, &AxisValue::label) != condition.values.end();
    });
}

toml::table nested_table(const AxisValue& value) {
    auto parts = split(value.key, '.');
    toml::table table;
    value.node->visit([&](const auto& node) { table.insert(parts.back(), node); });
    for (const auto& part : parts | std::views::drop(1) | std::views::reverse | std::views::drop(1)) {
        toml::table outer;
        outer.insert(part, std::move(table));
        table = std::move(outer);
    }
    return table;
}

}  // namespace labhost
