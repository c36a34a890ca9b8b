// Axes: the keys of a [[run]] that take several values, and every combination of them.
#pragma once

#include <string>
#include <vector>

#include "config/strict_table.hpp"

namespace labhost {

/// One value of one axis: `key` is dotted ("params.p", "trainer.optimizer.lr").
struct AxisValue {
    std::string key;
    const toml::node* node;
    Location where;
    std::string label;  ///< how a run's id shows it: "p0.25"
};

/// A combination: one value for each axis.
using GridPoint = std::vector<AxisValue>;

/// Every combination of a `grid` table's values, the axis written last varying fastest; one empty point for no grid.
/// Keys may be dotted strings or nested tables. Throws Error (usage).
std::vector<GridPoint> grid_points(const StrictTable& grid);

/// Whether `point` has the values that a `when` table names, { "params.p" = 0.25 }.
/// Throws Error (usage) for a key that is no axis of the point.
bool matches(const StrictTable& when, const GridPoint& point);

/// A `[trainer]`- or `[data]`-like table that holds only this value: { optimizer = { lr = 0.1 } }.
toml::table nested_table(const AxisValue& value);

}  // namespace labhost
