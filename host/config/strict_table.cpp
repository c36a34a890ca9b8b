#include "config/strict_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "support/text.hpp"

namespace labhost {

namespace {

/// What people write when they mean another key: too far apart for a spelling distance.
constexpr std::array<std::pair<const char*, const char*>, 12> other_words{{{"learning_rate", "lr"},
                                                                           {"num_epochs", "epochs"},
                                                                           {"n_epochs", "epochs"},
                                                                           {"num_threads", "threads"},
                                                                           {"criterion", "loss"},
                                                                           {"plugin", "model"},
                                                                           {"parameters", "params"},
                                                                           {"description", "title"},
                                                                           {"crop", "random_crop"},
                                                                           {"flip", "random_horizontal_flip"},
                                                                           {"rotation", "random_rotation"},
                                                                           {"erasing", "random_erasing"}}};

std::string suggestion(std::string_view written, const std::set<std::string, std::less<>>& known) {
    std::vector<std::string> candidates(known.begin(), known.end());
    for (const auto& [word, key] : other_words)
        if (known.contains(key)) candidates.emplace_back(word);
    std::string hint = did_you_mean(written, candidates);
    for (const auto& [word, key] : other_words)
        if (known.contains(key) && hint == fmt::format("; did you mean '{}'?", word))
            hint = fmt::format("; did you mean '{}'?", key);
    return hint;
}

}  // namespace

Location location_of(const toml::source_region& region, const Location& fallback) {
    if (region.begin.line == 0) return fallback;
    const bool from_option = region.path && region.path->starts_with("--");
    if (from_option) return {*region.path, 0, 0};
    return {region.path ? *region.path : fallback.file, region.begin.line, region.begin.column};
}

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "an array";
        case toml::node_type::string: return "a string";
        case toml::node_type::integer: return "an integer";
        case toml::node_type::floating_point: return "a real number";
        case toml::node_type::boolean: return "a boolean";
        default: return "a date or time";
    }
}

StrictTable::StrictTable(const toml::table& table, std::string path, const Location& fallback)
    : table_(&table), path_(std::move(path)), where_(location_of(table.source(), fallback)) {}

Location StrictTable::where(std::string_view key) const {
    for (const auto& [name, value] : *table_)
        if (name.str() == key) return location_of(name.source(), location_of(value.source(), where_));
    return where_;
}

std::string StrictTable::name_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void StrictTable::fail(std::string_view key, const std::string& message) const {
    const toml::node* value = table_->get(key);
    fail_at(value == nullptr ? where_ : location_of(value->source(), where(key)),
            fmt::format("{} {}", name_of(key), message));
}

const toml::node* StrictTable::node(std::string_view key) {
    asked_.emplace(key);
    return table_->get(key);
}

std::optional<std::string> StrictTable::string(std::string_view key) {
    const toml::node* value = node(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) fail(key, fmt::format("must be a string, not {}", type_name(*value)));
    return value->as_string()->get();
}

std::optional<std::string> StrictTable::one_of(std::string_view key, const std::vector<std::string>& allowed) {
    auto value = string(key);
    if (value && std::ranges::find(allowed, *value) == allowed.end())
        fail(key, fmt::format("must be one of {}, not '{}'{}", join(allowed), *value, did_you_mean(*value, allowed)));
    return value;
}

std::optional<std::int64_t> StrictTable::integer(std::string_view key, std::int64_t minimum, std::int64_t maximum) {
    const toml::node* value = node(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_integer()) fail(key, fmt::format("must be an integer, not {}", type_name(*value)));
    const std::int64_t number = value->as_integer()->get();
    if (number < minimum || number > maximum) {
        if (maximum == std::numeric_limits<std::int64_t>::max())
            fail(key, fmt::format("= {} must be at least {}", number, minimum));
        fail(key, fmt::format("= {} must be between {} and {}", number, minimum, maximum));
    }
    return number;
}

std::optional<double> StrictTable::number(std::string_view key, double minimum, double maximum) {
    const toml::node* value = node(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) fail(key, fmt::format("must be a number, not {}", type_name(*value)));
    const double number = value->value_or(0.0);
    if (!std::isfinite(number) || number < minimum || number > maximum) {
        if (std::isinf(maximum)) fail(key, fmt::format("= {} must be finite and at least {}", number, minimum));
        fail(key, fmt::format("= {} must be between {} and {}", number, minimum, maximum));
    }
    return number;
}

std::optional<bool> StrictTable::boolean(std::string_view key) {
    const toml::node* value = node(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_boolean()) fail(key, fmt::format("must be true or false, not {}", type_name(*value)));
    return value->as_boolean()->get();
}

std::optional<double> StrictTable::duration(std::string_view key) {
    const toml::node* value = node(key);
    if (value == nullptr) return std::nullopt;
    std::optional<double> seconds;
    if (value->is_string()) seconds = parse_duration(value->as_string()->get());
    if (value->is_number()) seconds = parse_duration(fmt::format("{}", value->value_or(0.0)));
    if (!seconds) fail(key, "must be a time above zero: seconds, or a text such as \"90s\", \"10m\", \"1.5h\"");
    return seconds;
}

std::optional<std::uint64_t> StrictTable::size(std::string_view key) {
    const toml::node* value = node(key);
    if (value == nullptr) return std::nullopt;
    std::optional<std::uint64_t> bytes;
    if (value->is_string()) bytes = parse_size(value->as_string()->get());
    if (value->is_integer()) bytes = parse_size(fmt::format("{}", value->as_integer()->get()));
    if (!bytes) fail(key, "must be a size above zero: bytes, or a text such as \"512 MiB\" or \"2 GiB\"");
    return bytes;
}

std::optional<std::vector<double>> StrictTable::numbers(std::string_view key) {
    const toml::node* value = node(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_array()) fail(key, fmt::format("must be an array of numbers, not {}", type_name(*value)));
    std::vector<double> numbers;
    for (const toml::node& element : *value->as_array()) {
        if (!element.is_number())
            fail_at(location_of(element.source(), where(key)),
                    fmt::format("{} must hold numbers only, not {}", name_of(key), type_name(element)));
        numbers.push_back(element.value_or(0.0));
    }
    return numbers;
}

std::optional<std::vector<double>> StrictTable::number_or_numbers(std::string_view key, double minimum,
                                                                  double maximum) {
    const toml::node* value = node(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_array()) return std::vector{*number(key, minimum, maximum)};
    auto found = numbers(key);
    if (found->empty()) fail(key, "must be a number, or an array of at least one");
    for (const double each : *found)
        if (!std::isfinite(each) || each < minimum || each > maximum)
            fail(key, fmt::format("holds {}, which must be between {} and {}", each, minimum, maximum));
    return found;
}

std::optional<StrictTable> StrictTable::table(std::string_view key) {
    const toml::node* value = node(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_table()) fail(key, fmt::format("must be a table, not {}", type_name(*value)));
    return StrictTable(*value->as_table(), name_of(key), where(key));
}

std::vector<StrictTable> StrictTable::tables(std::string_view key) {
    const toml::node* value = node(key);
    std::vector<StrictTable> found;
    if (value == nullptr) return found;
    if (value->is_table()) {
        found.emplace_back(*value->as_table(), name_of(key), where(key));
    } else if (value->is_array()) {
        for (const toml::node& element : *value->as_array()) {
            if (!element.is_table())
                fail_at(location_of(element.source(), where(key)),
                        fmt::format("{} must hold tables only, not {}", name_of(key), type_name(element)));
            found.emplace_back(*element.as_table(), name_of(key), where(key));
        }
    } else {
        fail(key, fmt::format("must be a table or an array of tables, not {}", type_name(*value)));
    }
    return found;
}

void StrictTable::finish() const {
    const toml::key* first = nullptr;
    for (const auto& [name, value] : *table_) {
        if (asked_.contains(name.str())) continue;
        const auto before = [](const toml::source_position& a, const toml::source_position& b) {
            return a.line != b.line ? a.line < b.line : a.column < b.column;
        };
        if (first == nullptr || before(name.source().begin, first->source().begin)) first = &name;
    }
    if (first == nullptr) return;
    fail_at(where(first->str()),
            fmt::format("unknown key '{}'{}{}", first->str(), path_.empty() ? "" : fmt::format(" in {}", path_),
                        suggestion(first->str(), asked_)));
}

}  // namespace labhost
