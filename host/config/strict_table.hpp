// A TOML table that is read strictly: every key must be asked for, with the right type and in range.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "config/location.hpp"
#include "support/enum_text.hpp"

namespace labhost {

/// The location of `region`, or `fallback` if the node was made rather than parsed.
Location location_of(const toml::source_region& region, const Location& fallback);

/// "an integer", "a string", ... as errors name the type of a node.
std::string_view type_name(const toml::node& node);

/// Reads one table key by key. Each getter returns nothing if the key is absent, and throws Error (usage) with the
/// key's place if it is ill-typed or out of range. `finish` refuses the keys that no getter asked for.
class StrictTable {
public:
    /// `path`: how errors name the table ("trainer.optimizer"; "" for the whole file).
    StrictTable(const toml::table& table, std::string path, const Location& fallback);

    std::optional<std::string> string(std::string_view key);
    std::optional<std::string> one_of(std::string_view key, const std::vector<std::string>& allowed);
    template <HasTexts Enum>
    std::optional<Enum> one_of(std::string_view key) {
        const auto text = one_of(key, all_texts<Enum>());
        return text ? from_text<Enum>(*text) : std::nullopt;
    }
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t minimum,
                                        std::int64_t maximum = std::numeric_limits<std::int64_t>::max());
    std::optional<double> number(std::string_view key, double minimum, double maximum);
    std::optional<bool> boolean(std::string_view key);
    /// Seconds, written as a number or as "90s", "10m", "1.5h".
    std::optional<double> duration(std::string_view key);
    /// Bytes, written as an integer or as "512 MiB", "2 GiB".
    std::optional<std::uint64_t> size(std::string_view key);
    std::optional<std::vector<double>> numbers(std::string_view key);
    /// A number, or an array of at least one.
    std::optional<std::vector<double>> number_or_numbers(std::string_view key, double minimum, double maximum);
    std::optional<StrictTable> table(std::string_view key);
    /// The tables of an array of tables; a single table counts as an array of one.
    std::vector<StrictTable> tables(std::string_view key);
    const toml::node* node(std::string_view key);

    const toml::table& raw() const { return *table_; }
    const Location& where() const { return where_; }
    Location where(std::string_view key) const;
    /// "trainer.optimizer.lr"
    std::string name_of(std::string_view key) const;
    [[noreturn]] void fail(std::string_view key, const std::string& message) const;

    /// Throws Error (usage) for the first key that was not asked for, with the nearest one that could be.
    void finish() const;

private:
    const toml::table* table_;
    std::string path_;
    Location where_;
    std::set<std::string, std::less<>> asked_;
};

}  // namespace labhost
