// Axes: the keys that take several values, in `grid`, `zip` and `random` of a [[run]] or of [sweep].
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.hpp"
#include "config/strict_table.hpp"

namespace labhost {

/// One value of an axis. Its line and column stand in the axis's file; there may be many, so they do not repeat it.
struct AxisValue {
    ParamValue value{};  ///< of a table what an id shows of it
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::shared_ptr<const toml::table> table{};  ///< an optimizer's, a schedule's, or of augmentation
};

/// A key and its values; `key` is dotted ("params.p", "trainer.optimizer.lr").
struct Axis {
    std::string key{};
    Location where{};
    std::vector<AxisValue> values{};

    /// Where the value was written; a drawn value has the place of its axis.
    Location where_of(std::size_t index) const;
    /// How a run's id shows the value: "p0.25".
    std::string label(std::size_t index) const;
};

/// Axes that vary together, all with the same number of values: one axis of a grid, all of a zip, all of a random.
struct AxisGroup {
    std::vector<Axis> axes{};

    std::size_t size() const { return axes.front().values.size(); }
    /// The labels of all axes at `index`, joined with '-': "p0.25-lr0.1".
    std::string label(std::size_t index) const;
};

/// Groups whose every combination is a point, the last group varying fastest.
using AxisGroups = std::vector<std::shared_ptr<const AxisGroup>>;

/// A combination: an index for each group.
using Point = std::vector<std::size_t>;

/// No experiment has more runs, and no axis more samples: what asks for more is a slip of the pen.
constexpr std::int64_t most_runs = 1'000'000;

/// Reads the key of `table`, which is grid (the axes as they are written), zip or random, and appends its groups.
/// Axes may be dotted strings or nested tables. Throws Error (usage), but not yet for a key that two of them have.
void read_axes(StrictTable& table, const std::string& key, AxisGroups& groups);

/// Throws Error (usage) if two axes have the same key, naming both places.
void check_keys_differ(const AxisGroups& groups);

/// What a `when` table asks of a point: { "params.p" = 0.25 }, of an axis of tables { "trainer.optimizer.name" = "sgd"
/// }.
class GridCondition {
public:
    /// Throws Error (usage) for a key that is no axis of `groups`.
    GridCondition(const StrictTable& when, const AxisGroups& groups);
    bool holds_for(const Point& point) const;

private:
    struct OneOf {
        std::size_t group;
        std::vector<bool> allowed;  ///< of each of the group's indices
    };
    std::vector<OneOf> all_of_;
};

/// A `[trainer]`- or `[data]`-like table that holds only this value: { optimizer = { lr = 0.1 } }.
toml::table nested_table(const Axis& axis, std::size_t index);

// For those who read axes: axes.cpp and random_axes.cpp.

/// An axis as it stands in its table, its values not read yet.
struct WrittenAxis {
    std::string key;
    const toml::node* node;
    Location where;
    toml::source_position written;
};

/// The axes of `table` in the order they are written, nested tables as dotted keys, but for the tables of which
/// `is_axis` says that they are an axis's value. Throws Error (usage) for a key that is none, or is there twice.
/// The keys in `others` are passed over: they are no axes.
std::vector<WrittenAxis> written_axes(
    const StrictTable& table,
    const std::function<bool(const toml::table&)>& is_axis = [](const auto&) { return false; },
    const std::vector<std::string>& others = {});

/// The elements of an array of scalars, or of tables where the key is one of a table; throws Error (usage) for anything
/// else, and for an empty array. Two different values that an id would show alike are refused.
std::vector<AxisValue> axis_values(const WrittenAxis& axis, const toml::node& array, std::string_view what);

}  // namespace labhost
