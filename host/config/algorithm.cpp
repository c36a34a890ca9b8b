#include "config/algorithm.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "support/text.hpp"

namespace labhost {

namespace {

using Kind = ArgumentType::Kind;

std::string range_text(const ArgumentType& type) {
    std::string text;
    if (std::isfinite(type.minimum))
        text += fmt::format("{} {}", type.above_minimum ? " above" : " from", type.minimum);
    if (std::isfinite(type.maximum)) text += fmt::format(" to {}{}", type.below_maximum ? "below " : "", type.maximum);
    return text;
}

bool in_range(const ArgumentType& type, double value) {
    if (!std::isfinite(value) || value < type.minimum || value > type.maximum) return false;
    return !(type.above_minimum && value == type.minimum) && !(type.below_maximum && value == type.maximum);
}

void check_number(const StrictTable& table, std::string_view key, const ArgumentType& type, double value) {
    if (!in_range(type, value)) table.fail(key, fmt::format("= {} must be {}", value, type.text()));
    if (!type.float32) return;
    const auto reached = static_cast<float>(value);
    if (std::isinf(reached)) table.fail(key, fmt::format("= {} is infinite as a float32", value));
    if (value != 0.0 && reached == 0.0F) table.fail(key, fmt::format("= {} is 0 as a float32", value));
}

[[noreturn]] void refuse_type(const StrictTable& table, std::string_view key, const ArgumentType& type,
                              const toml::node& node) {
    table.fail(key, fmt::format("must be {}, not {}", type.text(), type_name(node)));
}

double number_in(const StrictTable& table, std::string_view key, const ArgumentType& type, const toml::node& node) {
    if (!node.is_number()) refuse_type(table, key, type, node);
    const double value = node.value_or(0.0);
    check_number(table, key, type, value);
    return value;
}

std::int64_t integer_in(const StrictTable& table, std::string_view key, const ArgumentType& type,
                        const toml::node& node) {
    if (!node.is_integer()) refuse_type(table, key, type, node);
    const std::int64_t value = node.as_integer()->get();
    if (!in_range(type, static_cast<double>(value)))
        table.fail(key, fmt::format("= {} must be {}", value, type.text()));
    return value;
}

Argument pair_in(const StrictTable& table, std::string_view key, const ArgumentType& type, const toml::node& node) {
    if (!node.is_array() || node.as_array()->size() != 2) refuse_type(table, key, type, node);
    std::vector<double> values;
    for (const toml::node& element : *node.as_array()) values.push_back(number_in(table, key, type, element));
    return values;
}

Argument integers_in(const StrictTable& table, std::string_view key, const ArgumentType& type, const toml::node& node) {
    if (!node.is_array()) refuse_type(table, key, type, node);
    std::vector<std::int64_t> values;
    for (const toml::node& element : *node.as_array()) values.push_back(integer_in(table, key, type, element));
    return values;
}

Argument argument_in(StrictTable& table, std::string_view key, const ArgumentType& type, const toml::node& node) {
    switch (type.kind) {
        case Kind::flag: return *table.boolean(key);
        case Kind::word: return *table.one_of(key, type.words);
        case Kind::integer: return integer_in(table, key, type, node);
        case Kind::integers: return integers_in(table, key, type, node);
        case Kind::pair: return pair_in(table, key, type, node);
        case Kind::number: break;
    }
    return number_in(table, key, type, node);
}

}  // namespace

std::string ArgumentType::text() const {
    switch (kind) {
        case Kind::flag: return "true or false";
        case Kind::word: return fmt::format("one of {}", join(words));
        case Kind::integer: return "an integer" + range_text(*this);
        case Kind::integers: return "an array of integers" + (std::isfinite(minimum) ? "," + range_text(*this) : "");
        case Kind::pair: return "two numbers" + (std::isfinite(minimum) ? ", each" + range_text(*this) : "");
        case Kind::number: break;
    }
    return "a number" + range_text(*this);
}

const ArgumentDescription* Algorithm::argument(std::string_view key) const {
    const auto found = std::ranges::find(arguments, key, &ArgumentDescription::name);
    return found == arguments.end() ? nullptr : &*found;
}

std::vector<std::string> Family::names() const {
    std::vector<std::string> names;
    for (const Algorithm& algorithm : all) names.push_back(algorithm.name);
    return names;
}

const Algorithm* Family::find(std::string_view name) const {
    const auto found = std::ranges::find(all, name, &Algorithm::name);
    return found == all.end() ? nullptr : &*found;
}

std::string lacks_argument(const Algorithm& algorithm, std::string_view key) {
    std::vector<std::string> names;
    for (const ArgumentDescription& argument : algorithm.arguments) names.push_back(argument.name);
    return fmt::format("{} has no {}; it has {}", algorithm.name, key, join(names));
}

void read_known_arguments(StrictTable& table, const Algorithm& algorithm, Arguments& into) {
    for (const ArgumentDescription& argument : algorithm.arguments)
        if (const toml::node* node = table.node(argument.name); node != nullptr)
            into.set(argument.name, argument_in(table, argument.name, argument.type, *node));
}

void read_arguments(StrictTable& table, const Family& family, const Algorithm& algorithm, Arguments& into) {
    read_known_arguments(table, algorithm, into);
    for (const auto& [key, node] : table.raw()) {
        const std::string_view name = key.str();
        const bool of_another =
            std::ranges::any_of(family.all, [&](const Algorithm& other) { return other.argument(name) != nullptr; });
        if (of_another && algorithm.argument(name) == nullptr)
            fail_at(table.where(name), lacks_argument(algorithm, name));
    }
}

Arguments completed(const Algorithm& algorithm, const Arguments& written) {
    Arguments complete = written;
    for (const ArgumentDescription& argument : algorithm.arguments)
        if (argument.default_value && !written.has(argument.name)) complete.set(argument.name, *argument.default_value);
    return complete;
}

std::string missing_argument(const Algorithm& algorithm, const Arguments& written) {
    for (const ArgumentDescription& argument : algorithm.arguments)
        if (argument.required && !written.has(argument.name)) return argument.name;
    return "";
}

void record_arguments(const Algorithm& algorithm, const Arguments& complete, Json& json) {
    for (const ArgumentDescription& argument : algorithm.arguments) {
        const auto found = complete.all().find(argument.name);
        if (found == complete.all().end()) continue;
        if (argument.always_recorded || !argument.default_value || found->second != *argument.default_value)
            json[argument.name] = json_of(found->second);
    }
}

Json json_of(const Argument& argument) {
    return std::visit([](const auto& value) { return Json(value); }, argument);
}

std::string to_text(const Argument& argument) {
    if (const auto* word = std::get_if<std::string>(&argument)) return fmt::format("\"{}\"", *word);
    return std::visit([](const auto& value) { return fmt::format("{}", value); }, argument);
}

}  // namespace labhost
