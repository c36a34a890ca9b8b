// labhost keys: the keys of an experiment's file, with their defaults and meanings.
#include <algorithm>

#include <fmt/format.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "config/keys.hpp"
#include "report/table.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

struct KeysOptions {
    std::string table{};
    bool json = false;

    void declare(CommandLine& line) {
        line.value("--table", "NAME", "only those of [NAME]: data, trainer, run, ...", table, known_table);
        declare_json(line, json);
    }

    static std::string known_table(const std::string& name) {
        std::vector<std::string> names;
        for (const TableDescription& table : all_tables()) names.push_back(table.name);
        if (std::ranges::find(names, name) == names.end())
            throw BadValue(fmt::format("give one of {}{}", join(names), did_you_mean(name, names)));
        return name;
    }
};

std::string default_of(const KeyDescription& key) {
    return key.value.if_absent.empty() ? key.default_value.dump() : key.value.if_absent;
}

Json to_json(const Algorithm& algorithm) {
    Json json{{"name", algorithm.name}, {"as", algorithm.torch_name}, {"arguments", Json::array()}};
    for (const ArgumentDescription& argument : algorithm.arguments) {
        Json& described = json["arguments"].emplace_back(Json{{"key", argument.name}, {"type", argument.type.text()}});
        if (argument.default_value) described["default"] = json_of(*argument.default_value);
        if (argument.required) described["required"] = true;
    }
    return json;
}

Json to_json(const KeyDescription& key) {
    Json json{{"key", key.name}, {"type", key.value.type}, {"meaning", key.doc}};
    if (key.value.if_absent.empty())
        json["default"] = key.default_value;
    else
        json["if_absent"] = key.value.if_absent;
    if (!key.value.choices.empty()) json["choices"] = key.value.choices;
    // As JSON Schema names them.
    if (key.value.minimum) json[key.value.above_minimum ? "exclusiveMinimum" : "minimum"] = *key.value.minimum;
    if (key.value.maximum) json[key.value.below_maximum ? "exclusiveMaximum" : "maximum"] = *key.value.maximum;
    for (const KeyDescription& inner : key.value.inner) json["keys"].push_back(to_json(inner));
    if (key.value.family != nullptr)
        for (const Algorithm& algorithm : key.value.family->all) json["names"].push_back(to_json(algorithm));
    return json;
}

void add_rows(const std::string& key, const Family& family, std::vector<std::vector<std::string>>& rows) {
    for (const Algorithm& algorithm : family.all) {
        rows.push_back({fmt::format("{}.name = \"{}\"", key, algorithm.name), "", "", algorithm.torch_name});
        for (const ArgumentDescription& argument : algorithm.arguments)
            rows.push_back({fmt::format("{}.{}", key, argument.name), argument.type.text(),
                            argument.default_value ? to_text(*argument.default_value)
                            : argument.required    ? "required"
                                                   : "none",
                            ""});
    }
}

void add_rows(const std::string& prefix, const std::vector<KeyDescription>& keys,
              std::vector<std::vector<std::string>>& rows) {
    for (const KeyDescription& key : keys) {
        rows.push_back({prefix + key.name, key.value.type, default_of(key), key.doc});
        add_rows(prefix + key.name + ".", key.value.inner, rows);
        if (key.value.family != nullptr) add_rows(prefix + key.name, *key.value.family, rows);
    }
}

ExitCode show_keys(const KeysOptions& options) {
    std::vector<std::vector<std::string>> rows;
    Json json = Json::object();
    for (const auto& [name, keys] : all_tables()) {
        if (!options.table.empty() && options.table != name) continue;
        add_rows(name + ".", keys, rows);
        for (const KeyDescription& key : keys) json[name].push_back(to_json(key));
    }
    if (options.json)
        fmt::print("{}", to_text(Json{{"schema", 1}, {"tables", json}}));
    else
        fmt::print("{}", text_table({"key", "value", "default", "meaning"}, rows, 4));
    return ExitCode::ok;
}

}  // namespace

Verb keys_verb() {
    return make_verb("keys", "the keys of an experiment's file, with defaults and meanings", show_keys);
}

}  // namespace labhost
