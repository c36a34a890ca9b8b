#include "analysis/query.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <compare>
#include <set>

#include <fmt/format.h>

#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

using KeyedValues = std::vector<std::pair<std::string, Json>>;

const std::vector<std::string>& own_keys() {
    static const std::vector<std::string> keys{"id",      "model",      "seed",        "status",
                                               "seconds", "experiment", "fingerprint", "folder"};
    return keys;
}

std::optional<Json> own_value(const RunRecord& run, std::string_view key) {
    if (key == "id") return run.id;
    if (key == "model") return run.model;
    if (key == "seed") return run.seed;
    if (key == "status") return status_text(run);
    if (key == "experiment") return run.experiment;
    if (key == "fingerprint") return run.fingerprint;
    if (key == "folder") return run.folder.native();
    if (key == "seconds" && run.seconds) return *run.seconds;
    return std::nullopt;
}

/// The leaves of a table, with dotted keys.
void flatten(const Json& json, const std::string& prefix, KeyedValues& leaves) {
    for (const auto& [key, value] : json.items()) {
        const std::string name = fmt::format("{}.{}", prefix, key);
        if (value.is_object()) {
            flatten(value, name, leaves);
        } else {
            leaves.emplace_back(name, value);
        }
    }
}

KeyedValues settings_of(const RunRecord& run) {
    KeyedValues leaves;
    flatten(run.params, "params", leaves);
    flatten(run.trainer, "trainer", leaves);
    flatten(run.data, "data", leaves);
    return leaves;
}

std::optional<Json> any_value(const RunRecord& run, std::string_view key) {
    if (auto own = own_value(run, key)) return own;
    if (std::ranges::find(metric_keys(), key) != metric_keys().end()) {
        if (run.status != RunState::finished || !run.final) return std::nullopt;
        const Json metrics = to_json(*run.final);
        const auto found = metrics.find(std::string(key));
        return found == metrics.end() ? std::nullopt : std::optional<Json>(*found);
    }
    for (auto& [name, value] : settings_of(run))
        if (name == key) return value;
    return std::nullopt;
}

/// Whole numbers exactly, also those that no double holds.
std::partial_ordering compare_numbers(const Json& a, const Json& b) {
    if (!a.is_number_integer() || !b.is_number_integer()) return a.get<double>() <=> b.get<double>();
    const auto is_negative = [](const Json& n) { return !n.is_number_unsigned() && n.get<std::int64_t>() < 0; };
    if (is_negative(a) != is_negative(b)) return is_negative(b) <=> is_negative(a);
    if (is_negative(a)) return a.get<std::int64_t>() <=> b.get<std::int64_t>();
    return a.get<std::uint64_t>() <=> b.get<std::uint64_t>();
}

/// Numbers before truth values before texts.
int rank(const Json& value) { return value.is_number() ? 0 : value.is_boolean() ? 1 : 2; }

std::partial_ordering compare(const Json& a, const Json& b) {
    if (rank(a) != rank(b)) return rank(a) <=> rank(b);
    if (a.is_number()) return compare_numbers(a, b);
    if (a.is_boolean()) return a.get<bool>() <=> b.get<bool>();
    return plain_text(a).compare(plain_text(b)) <=> 0;
}

template <class Number>
std::optional<Json> parse_as(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional<Json>(number) : std::nullopt;
}

std::optional<Json> parse_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (auto number = parse_as<std::uint64_t>(text)) return number;
    if (auto number = parse_as<std::int64_t>(text)) return number;
    return parse_as<double>(text);
}

/// `text` as the kind of value that `like` is, or nothing.
std::optional<Json> parse_like(const Json& like, const std::string& text) {
    if (like.is_number()) return parse_number(text);
    if (!like.is_boolean()) return text;
    if (text != "true" && text != "false") return std::nullopt;
    return text == "true";
}

bool best_is_highest(std::string_view key) {
    return std::ranges::find(metric_names(), key) != metric_names().end() && !less_is_better(key);
}

void check_key(const std::string& key, const char* option, std::span<const RunRecord> runs) {
    std::vector<std::string> known = own_keys();
    known.insert(known.end(), metric_keys().begin(), metric_keys().end());
    const auto settings = setting_keys(runs);
    known.insert(known.end(), settings.begin(), settings.end());
    if (std::ranges::find(known, key) != known.end()) return;
    throw Error(ExitCode::usage,
                fmt::format("{} {}: error: no run has '{}'{} (there are {})", option, printable(key), printable(key),
                            printable(did_you_mean(key, known)), printable(join(known))));
}

}  // namespace

std::span<const std::string> metric_keys() {
    static const std::vector<std::string> keys = [] {
        std::vector<std::string> made = metric_names();
        std::erase(made, "seconds");  // a run's own
        made.insert(std::ranges::find(made, "validation.loss"), "lr");
        made.insert(made.begin(), "epoch");
        return made;
    }();
    return keys;
}

std::optional<Json> value_of(const RunRecord& run, std::string_view key) {
    auto value = any_value(run, key);
    const bool none = value && (value->is_null() || (value->is_number_float() && std::isnan(value->get<double>())));
    return none ? std::nullopt : value;
}

std::vector<std::string> setting_keys(std::span<const RunRecord> runs) {
    std::vector<std::string> keys;
    std::set<std::string> seen;
    for (const RunRecord& run : runs)
        for (const auto& [key, value] : settings_of(run))
            if (seen.insert(key).second) keys.push_back(key);
    const auto part = [](const std::string& key) {
        return key.starts_with("params.") ? 0 : key.front() == 't' ? 1 : 2;
    };
    std::ranges::stable_sort(keys, {}, part);
    return keys;
}

std::string plain_text(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_float()) return fmt::format("{}", plain_nan(value.get<double>()));
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

WhereCondition::WhereCondition(const std::string& text) {
    const std::size_t at = std::min(text.find_first_of("=!<>~"), text.size());
    key_ = trimmed(text.substr(0, at));
    for (const char* name : {"==", "!=", "<=", ">=", "=", "<", ">", "~"})
        if (operator_.empty() && std::string_view(text).substr(at).starts_with(name)) operator_ = name;
    value_ = trimmed(text.substr(at + operator_.size()));
    if (key_.empty() || operator_.empty() || value_.empty() || value_.find_first_of("=!<>~") == 0)
        throw Error(ExitCode::usage,
                    fmt::format("--where '{}': error: give a key, one of = == != < <= > >= ~, and a value, as in "
                                "--where 'params.p<=0.5'",
                                printable(text)));
}

bool WhereCondition::holds(const RunRecord& run) const {
    const auto value = value_of(run, key_);
    if (!value) return false;
    if (operator_ == "~") return glob_matches(value_, plain_text(*value));
    const auto wanted = parse_like(*value, value_);
    if (!wanted) return operator_ == "!=";
    const std::partial_ordering order = compare(*value, *wanted);
    if (operator_ == "!=") return order != 0;
    if (operator_ == "<") return order < 0;
    if (operator_ == "<=") return order <= 0;
    if (operator_ == ">") return order > 0;
    if (operator_ == ">=") return order >= 0;
    return order == 0;
}

/// A value that no run's could be compared with is a slip, not a condition that none fulfils.
void WhereCondition::check(std::span<const RunRecord> runs) const {
    if (operator_ == "~" || value_.empty()) return;
    std::optional<Json> example;
    for (const RunRecord& run : runs) {
        const auto value = value_of(run, key_);
        if (value && parse_like(*value, value_)) return;
        if (value) example = value;
    }
    if (example)
        throw Error(ExitCode::usage, fmt::format("--where '{} {} {}': error: '{}' is {}, as in {} = {}",
                                                 printable(key_), operator_, printable(value_), printable(value_),
                                                 example->is_boolean() ? "neither true nor false" : "no number",
                                                 printable(key_), plain_text(*example)));
}

std::vector<std::string> Query::keys() const {
    std::vector<std::string> keys;
    const auto add = [&](const std::string& key) {
        if (!key.empty() && std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    };
    for (const WhereCondition& condition : where) add(condition.key());
    add(sort);
    return keys;
}

std::vector<RunRecord> select_runs(std::vector<RunRecord> runs, const Query& query) {
    for (const WhereCondition& condition : query.where) {
        check_key(condition.key(), "--where", runs);
        condition.check(runs);
    }
    if (!query.sort.empty()) check_key(query.sort, "--sort", runs);
    std::erase_if(runs, [&](const RunRecord& run) {
        return !std::ranges::all_of(query.where, [&](const WhereCondition& c) { return c.holds(run); });
    });
    if (query.sort.empty()) {
        if (query.reverse) std::ranges::reverse(runs);
    } else {
        const bool falling = best_is_highest(query.sort) != query.reverse;
        struct Keyed {
            std::optional<Json> value{};
            RunRecord run{};
        };
        std::vector<Keyed> keyed;
        for (RunRecord& run : runs) keyed.push_back({value_of(run, query.sort), std::move(run)});
        std::ranges::stable_sort(keyed, [&](const Keyed& a, const Keyed& b) {
            if (!a.value || !b.value) return a.value.has_value() && !b.value.has_value();
            return falling ? compare(*b.value, *a.value) < 0 : compare(*a.value, *b.value) < 0;
        });
        std::ranges::transform(keyed, runs.begin(), [](Keyed& k) { return std::move(k.run); });
    }
    if (query.top && runs.size() > *query.top)
        runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(*query.top), runs.end());
    return runs;
}

}  // namespace labhost
