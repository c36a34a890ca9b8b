// The types of keys: how a value of each is read, checked, recorded and described.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "config/keys.hpp"
#include "config/metric.hpp"

namespace labhost {

constexpr std::int64_t any_integer = std::numeric_limits<std::int64_t>::max();
constexpr double infinity = std::numeric_limits<double>::infinity();

inline Json json_of(const std::filesystem::path& path) { return path.empty() ? Json() : Json(path.native()); }
inline Json json_of(const std::string& text) { return text; }
template <HasTexts Enum>
Json json_of(Enum value) {
    return to_text(value);
}
template <class Value>
requires std::is_arithmetic_v<Value> Json json_of(Value value) { return value; }
/// A single one as itself: [0.5] is 0.5.
inline Json json_of(const std::vector<double>& values) { return values.size() == 1 ? Json(values[0]) : Json(values); }
template <class Value>
Json json_of(const std::optional<Value>& value) {
    return value ? json_of(*value) : Json();
}

/// A type whose value `read` gets from a table, or nothing where it is not written.
template <class Settings, class Member, class Read>
KeyType<Settings> key_type(ValueDescription description, Member Settings::*member, Read read) {
    return {.description = std::move(description),
            .read =
                [member, read](StrictTable& table, const std::string& key, const auto&, Settings& settings) {
                    if (auto value = read(table, key)) settings.*member = static_cast<Member>(*std::move(value));
                },
            .value = [member](const Settings& settings, Use) { return json_of(settings.*member); }};
}

template <class Settings, class Member>
KeyType<Settings> integer(Member Settings::*member, std::int64_t minimum, std::int64_t maximum = any_integer,
                          std::string if_absent = "") {
    return key_type({.type = "integer",
                     .minimum = static_cast<double>(minimum),
                     .maximum = static_cast<double>(maximum),
                     .if_absent = std::move(if_absent)},
                    member,
                    [=](StrictTable& table, const std::string& key) { return table.integer(key, minimum, maximum); });
}

template <class Settings>
KeyType<Settings> number(double Settings::*member, double minimum, double maximum = infinity) {
    return key_type({.type = "number", .minimum = minimum, .maximum = maximum}, member,
                    [=](StrictTable& table, const std::string& key) { return table.number(key, minimum, maximum); });
}

/// Of a setting that may be absent.
template <class Settings>
KeyType<Settings> number(std::optional<double> Settings::*member, double minimum, double maximum,
                         std::string if_absent) {
    return key_type({.type = "number", .minimum = minimum, .maximum = maximum, .if_absent = std::move(if_absent)},
                    member,
                    [=](StrictTable& table, const std::string& key) { return table.number(key, minimum, maximum); });
}

template <class Settings>
KeyType<Settings> boolean(bool Settings::*member) {
    return key_type({.type = "boolean"}, member,
                    [](StrictTable& table, const std::string& key) { return table.boolean(key); });
}

template <class Settings>
KeyType<Settings> text(std::string Settings::*member, std::string if_absent = "") {
    return key_type({.type = "string", .if_absent = std::move(if_absent)}, member,
                    [](StrictTable& table, const std::string& key) { return table.string(key); });
}

template <class Settings, HasTexts Enum>
KeyType<Settings> choice(Enum Settings::*member, std::string if_absent = "") {
    return key_type({.type = "string", .choices = all_texts<Enum>(), .if_absent = std::move(if_absent)}, member,
                    [](StrictTable& table, const std::string& key) { return table.one_of<Enum>(key); });
}

/// Of a setting that may be absent.
template <class Settings, HasTexts Enum>
KeyType<Settings> choice(std::optional<Enum> Settings::*member, std::string if_absent) {
    return key_type({.type = "string", .choices = all_texts<Enum>(), .if_absent = std::move(if_absent)}, member,
                    [](StrictTable& table, const std::string& key) { return table.one_of<Enum>(key); });
}

/// Seconds.
template <class Settings>
KeyType<Settings> duration(std::optional<double> Settings::*member, std::string if_absent) {
    return key_type({.type = "time", .if_absent = std::move(if_absent)}, member,
                    [](StrictTable& table, const std::string& key) { return table.duration(key); });
}

/// Bytes.
template <class Settings>
KeyType<Settings> size(std::optional<std::uint64_t> Settings::*member, std::string if_absent) {
    return key_type({.type = "size", .if_absent = std::move(if_absent)}, member,
                    [](StrictTable& table, const std::string& key) { return table.size(key); });
}

/// A table whose keys set the members of a struct of their own.
template <class Settings, class Inner>
KeyType<Settings> table_of(Inner Settings::*member, Keys<Inner> keys) {
    return {.description = {.type = "table", .inner = described(keys)},
            .read =
                [=](StrictTable& table, const std::string& key, const auto& folder, Settings& settings) {
                    if (auto inner = table.table(key)) read_keys(keys, *std::move(inner), folder, settings.*member);
                },
            .value = [=](const Settings& settings, Use use) { return values_of(keys, settings.*member, use); }};
}

/// The same, of a struct that may be absent: a table makes it.
template <class Settings, class Inner>
KeyType<Settings> table_of(std::optional<Inner> Settings::*member, Keys<Inner> keys, std::string if_absent) {
    return {.description = {.type = "table", .if_absent = std::move(if_absent), .inner = described(keys)},
            .read =
                [=](StrictTable& table, const std::string& key, const auto& folder, Settings& settings) {
                    auto inner = table.table(key);
                    if (!inner) return;
                    if (!(settings.*member)) (settings.*member).emplace();
                    (settings.*member)->where = inner->where();
                    read_keys(keys, *std::move(inner), folder, *(settings.*member));
                },
            .value = [=](const Settings& settings,
                         Use use) { return settings.*member ? values_of(keys, *(settings.*member), use) : Json(); }};
}

/// A metric of an epoch by its name.
template <class Settings>
KeyType<Settings> metric(std::optional<std::string> Settings::*member, std::string if_absent) {
    return key_type({.type = "metric", .if_absent = std::move(if_absent)}, member,
                    [](StrictTable& table, const std::string& key) {
                        auto name = table.string(key);
                        if (name) check_epoch_metric(table, key, *name);
                        return name;
                    });
}

/// A type, and where the key was written: for what is found wrong only later.
template <class Settings>
KeyType<Settings> placed(KeyType<Settings> type, SharedLocation Settings::*where) {
    type.read = [read = std::move(type.read), where](StrictTable& table, const std::string& key, const auto& folder,
                                                     Settings& settings) {
        read(table, key, folder, settings);
        if (table.node(key) != nullptr) settings.*where = table.where(key);
    };
    return type;
}

}  // namespace labhost
