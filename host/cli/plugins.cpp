// labhost plugins: what was found, where, and what was refused and why.
#include <set>

#include <fmt/format.h>

#include "cli/verbs.hpp"
#include "plugin/find.hpp"
#include "report/table.hpp"

namespace labhost {

namespace {

Json params_json(const labhost_descriptor& descriptor) {
    Json params = Json::array();
    for (std::uint32_t i = 0; i < descriptor.param_count; ++i) {
        const labhost_param& param = descriptor.params[i];
        Json json{{"name", param.name}, {"allowed", allowed_values(param)}, {"doc", param.doc}};
        std::visit([&](const auto& value) { json["default"] = value; }, default_value(param));
        params.push_back(json);
    }
    return params;
}

std::string params_text(const labhost_descriptor& descriptor) {
    std::string text;
    for (std::uint32_t i = 0; i < descriptor.param_count; ++i)
        text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", descriptor.params[i].name,
                            to_text(default_value(descriptor.params[i])));
    return text.empty() ? "-" : text;
}

ExitCode list_plugins(const Options& options) {
    Json found = Json::array();
    Json refused = Json::array();
    std::vector<std::vector<std::string>> rows;
    std::string refusals;
    std::set<std::string> seen;
    for (const auto& file : plugin_files(plugin_folders(options.places.plugins))) {
        if (!seen.insert(file.stem().native()).second) continue;  // an earlier folder has one of this name
        try {
            const Plugin& plugin = load_plugin(file);
            const labhost_descriptor& d = *plugin.descriptor;
            found.push_back({{"id", d.id},
                             {"version", d.version},
                             {"summary", d.summary},
                             {"file", plugin.file.native()},
                             {"sha256", plugin.sha256},
                             {"input", {d.input[0], d.input[1], d.input[2]}},
                             {"classes", d.classes},
                             {"params", params_json(d)},
                             {"built_with", plugin.stamp.summary()}});
            rows.push_back({d.id, d.version, params_text(d), plugin.file.native(), d.summary});
        } catch (const Error& e) {
            refused.push_back({{"file", file.native()}, {"why", e.what()}});
            refusals += fmt::format("refused: {}\n", e.what());
        }
    }
    if (options.json) {
        const Json json{{"schema", 1}, {"plugins", found}, {"refused", refused}};
        fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
        return ExitCode::ok;
    }
    fmt::print("{}", text_table({"plugin", "version", "parameters", "file", "summary"}, rows, 5));
    if (!refusals.empty()) fmt::print("\n{}", refusals);
    return ExitCode::ok;
}

}  // namespace

Verb plugins_verb() {
    return {{.verb = "plugins",
             .argument = "",
             .summary = "what plugins were found, and what was refused and why",
             .plugins = true,
             .json = true},
            list_plugins};
}

}  // namespace labhost
