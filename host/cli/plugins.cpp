// labhost plugins: what was found, where, and what was refused and why.
#include <set>

#include <fmt/format.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "plugin/describe.hpp"
#include "plugin/verdict.hpp"
#include "report/table.hpp"

namespace labhost {

namespace {

struct ListOptions {
    PluginOptions plugins{};
    bool json = false;

    void declare(CommandLine& line) {
        declare_plugins(line, plugins);
        declare_json(line, json);
    }
};

ExitCode list_plugins(const ListOptions& options) {
    const PluginOptions& plugins = options.plugins;
    Json found = Json::array();
    Json refused = Json::array();
    std::vector<std::vector<std::string>> rows;
    std::string refusals;
    std::set<std::string> seen;
    for (const auto& file : plugin_files(plugin_folders(plugins.folders))) {
        if (!seen.insert(file.stem().native()).second) continue;  // an earlier folder has one of this name
        const Verdict verdict = judge_plugin(PluginFile(file), {.allow_insecure = plugins.allow_insecure});
        if (!verdict.refusal.empty()) {
            refused.push_back({{"file", file.native()}, {"why", verdict.refusal}});
            refusals += fmt::format("refused: {}: {}\n", file.native(), verdict.refusal);
            continue;
        }
        Json json = verdict.description;
        json.update(
            {{"file", file.native()}, {"sha256", verdict.sha256}, {"built_with", Stamp(verdict.stamp).summary()}});
        rows.push_back({json.at("id"), json.at("version"), params_text(json), file.native(), json.at("summary")});
        found.push_back(std::move(json));
    }
    if (options.json) {
        fmt::print("{}", to_text(Json{{"schema", 1}, {"plugins", found}, {"refused", refused}}));
        return ExitCode::ok;
    }
    fmt::print("{}", text_table({"plugin", "version", "parameters", "file", "summary"}, rows, 5));
    if (!refusals.empty()) fmt::print("\n{}", refusals);
    return ExitCode::ok;
}

}  // namespace

Verb plugins_verb() {
    return make_verb("plugins", "what plugins were found, and what was refused and why", list_plugins);
}

}  // namespace labhost
