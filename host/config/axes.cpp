#include "config/axes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <ranges>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "config/random_axes.hpp"
#include "config/settings.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

const std::vector<std::string> heads{"params", "trainer", "data"};

/// Keys of tables that are chosen as a whole.
const std::vector<std::string> table_keys{"trainer.optimizer", "trainer.schedule", "data.augment"};

/// The table that an axis of this key replaces with all its keys; "" for other axes.
std::string chooses_table(const std::string& key) {
    if (std::ranges::find(table_keys, key) != table_keys.end()) return key;
    const std::string table = key.substr(0, key.rfind('.'));
    return key.ends_with(".name") && std::ranges::find(table_keys, table) != table_keys.end() ? table : "";
}

bool is_word(const ParamValue& value) {
    return std::holds_alternative<std::string>(value) || std::holds_alternative<bool>(value);
}

/// `value` so that it can stand in a run's id and be a part of a folder's name.
std::string id_text(const ParamValue& value) {
    std::string text = to_text(value);
    for (char& c : text)
        if (!is_file_name(std::string_view(&c, 1)) && c != '.') c = '_';
    return text;
}

bool is_before(const toml::source_position& a, const toml::source_position& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

void check_axis_key(const std::string& key, const Location& where, const std::vector<std::string>& others) {
    const auto parts = split(key, '.');
    const bool has_empty_part = join(parts, ".") != key;
    const bool has_head = std::ranges::find(heads, parts.empty() ? "" : parts[0]) != heads.end();
    if (parts.size() >= 2 && !has_empty_part && has_head) return;
    std::string hint = did_you_mean(key, others);
    if (key == "seed" || key == "seeds") {
        hint = "; seeds are given as experiment.seeds";
    } else if (key == "model") {
        hint = "; each model has a [[run]] of its own";
    } else if (hint.empty() && std::ranges::find(heads, key) == heads.end()) {
        hint = fmt::format("; for a parameter write 'params.{}'", key);
    }
    fail_at(where, fmt::format("an axis is params.NAME, trainer.KEY or data.KEY, not '{}'{}", key, hint));
}

void collect(const toml::table& table, const std::string& prefix, const Location& around,
             const std::function<bool(const toml::table&)>& is_axis, const std::vector<std::string>& others,
             std::vector<WrittenAxis>& axes) {
    for (const auto& [key, node] : table) {
        if (prefix.empty() && std::ranges::find(others, key.str()) != others.end()) continue;
        const std::string name = prefix.empty() ? std::string(key.str()) : fmt::format("{}.{}", prefix, key.str());
        const Location where = location_of(key.source(), location_of(node.source(), around));
        const bool is_head = std::ranges::find(heads, name) != heads.end();
        if (node.is_table() && (is_head || !is_axis(*node.as_table()))) {
            collect(*node.as_table(), name, where, is_axis, others, axes);
            continue;
        }
        check_axis_key(name, where, others);
        const auto same = std::ranges::find(axes, name, &WrittenAxis::key);
        if (same != axes.end())
            fail_at(where,
                    fmt::format("the axis '{}' is written twice (the other is at {})", name, same->where.text()));
        axes.push_back({name, &node, where, key.source().begin});
    }
}

/// Of a value: "0.98"; of an array: "0.9_0.98"; of what is neither nothing.
std::string text_of(const toml::node& node) {
    if (const toml::array* array = node.as_array()) {
        std::vector<std::string> texts;
        for (const toml::node& element : *array) texts.push_back(text_of(element));
        return join(texts, "_");
    }
    if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
    if (const auto number = node.value_exact<std::int64_t>()) return fmt::format("{}", *number);
    if (const auto flag = node.value_exact<bool>()) return fmt::format("{}", *flag);
    return node.value_or(std::string());
}

/// What a table says, as ids show it: nested keys dotted, arrays joined.
void collect_texts(const toml::table& table, const std::string& prefix, std::map<std::string, std::string>& texts) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        const toml::array* array = node.as_array();
        if (const toml::table* inner = node.as_table()) {
            collect_texts(*inner, name + ".", texts);
            if (inner->empty()) texts[name];
        } else if (array != nullptr && array->size() > 0 && array->get(0)->is_table()) {  // of a sequential
            for (std::size_t i = 0; i < array->size(); ++i)
                if (const toml::table* inner = array->get(i)->as_table())
                    collect_texts(*inner, fmt::format("{}{}.", name, i + 1), texts);
        } else {
            texts[name] = text_of(node);
        }
    }
}

/// The tables of an axis get their texts: the name, and the keys in which they differ.
void name_tables(std::vector<AxisValue>& values) {
    std::vector<std::map<std::string, std::string>> texts;
    for (const AxisValue& value : values)
        if (value.table) collect_texts(*value.table, "", texts.emplace_back());
    if (texts.empty()) return;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto name = texts[i].find("name");
        std::string label = name == texts[i].end() ? "" : name->second;
        for (const auto& [key, text] : texts[i]) {
            const bool differs = std::ranges::any_of(texts, [&, &key = key, &text = text](const auto& other) {
                const auto found = other.find(key);
                return found == other.end() || found->second != text;
            });
            if (key != "name" && differs) label += (label.empty() ? "" : "-") + key + text;
        }
        values[i].value = label.empty() ? "none" : label;
    }
}

std::vector<AxisValue> values_of(const WrittenAxis& axis) {
    return axis_values(axis, *axis.node, fmt::format("the axis '{}'", axis.key));
}

/// The first two indices that `text_of` shows alike, or nothing.
template <class TextOf>
std::optional<std::pair<std::size_t, std::size_t>> first_repeated(std::size_t size, TextOf text_of) {
    std::unordered_map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < size; ++i) {
        const auto [other, added] = seen.emplace(text_of(i), i);
        if (!added) return std::pair{other->second, i};
    }
    return std::nullopt;
}

void read_grid(const StrictTable& table, AxisGroups& groups) {
    for (const WrittenAxis& written : written_axes(table)) {
        Axis axis{written.key, written.where, values_of(written)};
        if (const auto same = first_repeated(axis.values.size(), [&](std::size_t i) { return axis.label(i); }))
            fail_at(axis.where_of(same->second),
                    fmt::format("the axis '{}' has the value {} twice (the other is at {})", axis.key,
                                to_text(axis.values[same->second].value), axis.where_of(same->first).text()));
        groups.push_back(std::make_shared<const AxisGroup>(AxisGroup{{std::move(axis)}}));
    }
}

void read_zip(const StrictTable& table, AxisGroups& groups) {
    AxisGroup group;
    for (const WrittenAxis& written : written_axes(table)) {
        group.axes.push_back({written.key, written.where, values_of(written)});
        const Axis& first = group.axes.front();
        const Axis& axis = group.axes.back();
        if (axis.values.size() != first.values.size())
            fail_at(axis.where,
                    fmt::format("the axes of a zip vary together, so they must be of equal length: '{}' has {} values, "
                                "'{}' has {}",
                                axis.key, axis.values.size(), first.key, first.values.size()));
    }
    if (group.axes.empty()) return;
    if (const auto same = first_repeated(group.size(), [&](std::size_t i) { return group.label(i); }))
        fail_at(group.axes.front().where_of(same->second),
                fmt::format("the zip has the values {} twice (the other is at {})", group.label(same->second),
                            group.axes.front().where_of(same->first).text()));
    groups.push_back(std::make_shared<const AxisGroup>(std::move(group)));
}

std::string label_text(std::string_view key, const ParamValue& value) {
    return fmt::format("{}{}{}", key.substr(key.rfind('.') + 1), is_word(value) ? "_" : "", id_text(value));
}

/// Whether the key is the axis's own, or one within its tables.
bool is_asked_of(const Axis& axis, const std::string& key) {
    return axis.key == key || (axis.values.front().table && key.starts_with(fmt::format("{}.", axis.key)));
}

/// The value of the axis as `key` shows it in an id; nothing where its table has no such key.
std::optional<std::string> label_of(const Axis& axis, std::size_t index, const std::string& key) {
    if (axis.key == key) return axis.label(index);
    const auto within = axis.values[index].table->at_path(std::string_view(key).substr(axis.key.size() + 1));
    if (!within || !within.is_value()) return std::nullopt;
    return label_text(key, param_value(*within.node(), key, axis.where));
}

/// Which values of the axis are one of those wanted.
std::vector<bool> allowed(const Axis& axis, const Axis& wanted) {
    std::vector<bool> allowed(axis.values.size());
    for (std::size_t i = 0; i < allowed.size(); ++i) {
        const auto label = label_of(axis, i, wanted.key);
        for (std::size_t j = 0; label && j < wanted.values.size(); ++j)
            if (wanted.label(j) == *label) allowed[i] = true;
    }
    return allowed;
}

}  // namespace

Location Axis::where_of(std::size_t index) const { return {where.file, values[index].line, values[index].column}; }

std::string Axis::label(std::size_t index) const {
    const AxisValue& value = values[index];
    return value.table ? id_text(value.value) : label_text(key, value.value);
}

std::string AxisGroup::label(std::size_t index) const {
    std::string text;
    for (const Axis& axis : axes) {
        if (!text.empty()) text += '-';
        text += axis.label(index);
    }
    return text;
}

std::vector<WrittenAxis> written_axes(const StrictTable& table, const std::function<bool(const toml::table&)>& is_axis,
                                      const std::vector<std::string>& others) {
    std::vector<WrittenAxis> axes;
    collect(table.raw(), "", table.where(), is_axis, others, axes);
    std::ranges::stable_sort(axes, is_before, &WrittenAxis::written);
    return axes;
}

std::vector<AxisValue> axis_values(const WrittenAxis& axis, const toml::node& array, std::string_view what) {
    if (!array.is_array() || array.as_array()->empty())
        fail_at(axis.where, fmt::format("{} must be an array of values, not {}", what,
                                        array.is_array() ? "an empty one" : type_name(array)));
    std::vector<AxisValue> values;
    std::map<std::string, std::string, std::less<>> texts;
    for (const toml::node& element : *array.as_array()) {
        const Location place = location_of(element.source(), axis.where);
        AxisValue& written = values.emplace_back();
        written.line = place.line;
        written.column = place.column;
        if (element.is_table() && std::ranges::find(table_keys, axis.key) != table_keys.end()) {
            written.table = std::make_shared<const toml::table>(*element.as_table());
            continue;
        }
        if (element.is_table() || element.is_array())
            fail_at(place,
                    fmt::format("{}: a value must be a number, a string or a boolean, not {}; tables are those of {}. "
                                "Of another table vary the keys ('trainer.stop.patience'), or write a [[run]] for each",
                                what, type_name(element), join(table_keys)));
        written.value = param_value(element, axis.key, place);
        const ParamValue& value = written.value;
        if (!is_word(value)) continue;
        const auto [same, added] = texts.emplace(id_text(value), to_text(value));
        if (!added && same->second != to_text(value))
            fail_at(place, fmt::format("'{}' and '{}' look the same in a run's id; change one of them", same->second,
                                       to_text(value)));
    }
    const auto is_table = [](const AxisValue& value) { return value.table != nullptr; };
    if (std::ranges::any_of(values, is_table) && !std::ranges::all_of(values, is_table))
        fail_at(axis.where, fmt::format("{} must hold tables only, or none", what));
    name_tables(values);
    return values;
}

void read_axes(StrictTable& table, const std::string& key, AxisGroups& groups) {
    const auto axes = table.table(key);
    if (!axes) return;
    if (key == "grid")
        read_grid(*axes, groups);
    else if (key == "zip")
        read_zip(*axes, groups);
    else
        groups.push_back(std::make_shared<const AxisGroup>(random_axes(*axes)));
}

void check_keys_differ(const AxisGroups& groups) {
    std::map<std::string_view, const Axis*> seen;
    for (const auto& group : groups)
        for (const Axis& axis : group->axes) {
            const auto [other, added] = seen.emplace(axis.key, &axis);
            if (!added)
                fail_at(axis.where, fmt::format("the axis '{}' is written twice (the other is at {})", axis.key,
                                                other->second->where.text()));
            const std::string other_way = axis.key == "data.validation.count"      ? "data.validation.fraction"
                                          : axis.key == "data.validation.fraction" ? "data.validation.count"
                                                                                   : "";
            if (!other_way.empty() && seen.contains(other_way))
                fail_at(axis.where,
                        fmt::format("the axis '{}' would undo '{}': vary one of them", axis.key, other_way));
            const std::string whole = chooses_table(axis.key);
            for (const auto& [key, earlier] : seen)
                if (!whole.empty() && key != axis.key && key.starts_with(whole + "."))
                    fail_at(axis.where,
                            fmt::format(
                                "the axis '{}' would undo '{}' (at {}): write it before that one, in the same table",
                                axis.key, key, earlier->where.text()));
        }
}

GridCondition::GridCondition(const StrictTable& when, const AxisGroups& groups) {
    for (const WrittenAxis& asked : written_axes(when)) {
        Axis wanted{asked.key, asked.where, {}};
        if (asked.node->is_array()) {
            wanted.values = values_of(asked);
        } else {
            const Location place = location_of(asked.node->source(), asked.where);
            wanted.values.push_back({param_value(*asked.node, asked.key, place), place.line, place.column, nullptr});
        }
        const auto size_before = all_of_.size();
        for (std::size_t g = 0; g < groups.size(); ++g)
            for (const Axis& axis : groups[g]->axes)
                if (is_asked_of(axis, wanted.key)) all_of_.push_back({g, allowed(axis, wanted)});
        if (all_of_.size() == size_before)
            fail_at(wanted.where_of(0),
                    fmt::format("'{}' is no axis of this run's grid, zip or random, nor of [sweep]", asked.key));
    }
}

bool GridCondition::holds_for(const Point& point) const {
    return std::ranges::all_of(all_of_, [&](const OneOf& c) { return c.allowed[point[c.group]]; });
}

toml::table nested_table(const Axis& axis, std::size_t index) {
    const auto parts = split(axis.key, '.');
    toml::table table;
    const AxisValue& value = axis.values[index];
    if (value.table)
        table.insert(parts.back(), *value.table);
    else
        std::visit([&](const auto& scalar) { table.insert(parts.back(), scalar); }, value.value);
    for (const auto& part : parts | std::views::drop(1) | std::views::reverse | std::views::drop(1)) {
        toml::table outer;
        outer.insert(part, std::move(table));
        table = std::move(outer);
    }
    return table;
}

}  // namespace labhost
