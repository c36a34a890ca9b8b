// The table of keys, and the tables of docs/experiment-reference.md made from it (by LABHOST_WRITE_DOCS=1).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "config/keys.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost::keys_test {
namespace {

std::string code(const std::string& text) { return fmt::format("`{}`", text); }

/// "1 to 1024", "from 0", "above 0 to below 1"; "" where anything goes.
std::string range_of(const ValueDescription& value) {
    constexpr double any = 1e18;
    const bool has_most = value.maximum && *value.maximum < any;
    if (!value.minimum) return "";
    const std::string from = value.above_minimum ? ", above" : has_most ? "," : ", from";
    const std::string to = has_most ? fmt::format(" to {}{}", value.below_maximum ? "below " : "", *value.maximum) : "";
    return fmt::format("{} {}{}", from, *value.minimum, to);
}

/// "`lr` 0.001, `betas` [0.9, 0.999]": a required one without a default.
std::string arguments_cell(const Algorithm& algorithm) {
    std::vector<std::string> arguments;
    for (const ArgumentDescription& argument : algorithm.arguments) {
        const std::string value = argument.default_value ? to_text(*argument.default_value)
                                  : argument.required    ? "(required)"
                                                         : "(optional)";
        arguments.push_back(fmt::format("`{}` {}", argument.name, value));
    }
    return join(arguments);
}

std::string table_of_family(const Family& family) {
    std::string text = "| name | as | arguments and their defaults |\n|------|----|------------------------------|\n";
    for (const Algorithm& algorithm : family.all)
        text += fmt::format("| `{}` | `{}` | {} |\n", algorithm.name, algorithm.torch_name, arguments_cell(algorithm));
    return text;
}

std::string value_cell(const ValueDescription& value) {
    if (value.family != nullptr) return fmt::format("table, of [{0}s](#{0}s)", value.family->what);
    if (value.choices.empty()) return value.type + range_of(value);
    std::vector<std::string> choices;
    for (const std::string& choice : value.choices) choices.push_back(code(choice));
    return join(choices);
}

/// As it would be written in a file.
std::string toml_of(const Json& value) {
    if (!value.is_object()) return value.dump();
    std::vector<std::string> parts;
    for (const auto& [key, inner] : value.items()) parts.push_back(fmt::format("{} = {}", key, toml_of(inner)));
    return fmt::format("{{ {} }}", join(parts));
}

std::string default_cell(const KeyDescription& key) {
    return key.value.if_absent.empty() ? code(toml_of(key.default_value)) : key.value.if_absent;
}

void add_rows(const std::vector<KeyDescription>& keys, const std::string& prefix, std::string& rows) {
    for (const KeyDescription& key : keys) {
        rows += fmt::format("| `{}{}` | {} | {} | {} |\n", prefix, key.name, value_cell(key.value), default_cell(key),
                            key.doc);
        add_rows(key.value.inner, prefix + key.name + ".", rows);
    }
}

std::string names_with(const std::vector<KeyDescription>& keys, Effect effect) {
    std::vector<std::string> names;
    for (const KeyDescription& key : keys)
        if (key.effect == effect) names.push_back(code(key.name));
    return join(names);
}

std::string table_of_keys(const std::vector<KeyDescription>& keys) {
    std::string text = "| key | value | default | meaning |\n|-----|-------|---------|---------|\n";
    add_rows(keys, "", text);
    if (const std::string names = names_with(keys, Effect::content); !names.empty())
        text += fmt::format("\nIn a run's fingerprint by what they come to, not as they are written:\n{}.\n", names);
    if (std::ranges::all_of(keys, [](const KeyDescription& key) { return key.effect == Effect::cost; }))
        text += "\nNone of it is a part of a run's fingerprint.\n";
    else if (const std::string names = names_with(keys, Effect::cost); !names.empty())
        text += fmt::format("\nNo part of a run's fingerprint: {}.\n", names);
    return text;
}

/// `text` with what stands between the markers of `what` replaced.
std::string with_table(const std::string& text, const std::string& what, const std::string& table) {
    const std::string begin = fmt::format("<!-- {} by `make docs` -->\n", what);
    const std::string end = "<!-- end of keys -->\n";
    const std::size_t from = text.find(begin);
    const std::size_t to = text.find(end, from);
    if (from == std::string::npos || to == std::string::npos) return text + begin + end;
    return text.substr(0, from) + begin + table + text.substr(to);
}

std::string with_keys(const std::string& text, const std::string& table, const std::vector<KeyDescription>& keys) {
    return with_table(text, fmt::format("keys of [{}], made from host/config", table), table_of_keys(keys));
}

std::string with_family(const std::string& text, const Family& family) {
    return with_table(text, fmt::format("all of it made from host/config/{}s.cpp", family.what),
                      table_of_family(family));
}

TEST(ExperimentReference, HasTheTablesOfKeys) {
    const std::filesystem::path file = LABHOST_SOURCE "/docs/experiment-reference.md";
    std::string text = read_file(file);
    std::string made = text;
    for (const auto& [table, keys] : all_tables()) made = with_keys(made, table, keys);
    made = with_family(made, optimizer_family());
    made = with_family(made, schedule_family());
    if (std::getenv("LABHOST_WRITE_DOCS") != nullptr) {
        write_file_atomically(file, made);
        text = read_file(file);
    }
    EXPECT_EQ(text, made) << "`make docs` writes it";
}

TEST(Keys, SayWhatTheyAreFor) {
    for (const auto& [table, keys] : all_tables())
        for (const KeyDescription& key : keys) {
            EXPECT_FALSE(key.doc.empty()) << key.name;
            EXPECT_FALSE(key.value.type.empty()) << key.name;
            EXPECT_FALSE(key.default_value.is_null() && key.value.if_absent.empty())
                << key.name << " has no default, and no word for that";
        }
}

TEST(Keys, ThatChangeNoNumberAreNoDifferenceBetweenRuns) {
    for (const char* key : {"trainer.timeout", "trainer.memory_limit", "trainer.checkpoint_every", "trainer.on_nan"})
        EXPECT_FALSE(changes_numbers(key)) << key;
    for (const char* key : {"trainer.epochs", "trainer.optimizer.lr", "trainer.device", "data.dataset",
                            "data.normalize.std", "data.train_limit", "trainer.a_key_of_long_ago"})
        EXPECT_TRUE(changes_numbers(key)) << key;
}

}  // namespace
}  // namespace labhost::keys_test
