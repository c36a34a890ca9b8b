// labhost inspect: all there is to know of one plugin, also of one that this host refuses.
#include <chrono>
#include <filesystem>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "plugin/describe.hpp"
#include "plugin/verdict.hpp"
#include "report/table.hpp"
#include "support/child.hpp"
#include "support/text.hpp"
#include "train/engine.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds build_limit{60};

Json to_json(const Layer& layer) {
    Json tensors = Json::array();
    std::int64_t parameters = 0;
    for (const Layer::Tensor& tensor : layer.tensors) {
        tensors.push_back({{"name", tensor.name}, {"shape", tensor.shape}, {"trained", tensor.trained}});
        if (tensor.trained)
            parameters += std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::int64_t{1}, std::multiplies());
    }
    return {{"name", layer.name}, {"type", layer.type}, {"tensors", tensors}, {"parameters", parameters}};
}

/// {"layers": [...]} of the model with default parameters, or {"error": why there are none}. In a child, since it
/// builds the model.
Json layers_of(const Plugin& admitted) {
    const Engine& torch = engine();
    const auto describe_layers = [&](const Outbox& outbox) {
        Json json;
        try {
            const Plugin plugin = load_plugin(admitted);
            json["layers"] = Json::array();
            for (const Layer& layer : torch.layers(plugin, resolve_params(plugin, {})))
                json["layers"].push_back(to_json(layer));
        } catch (const std::exception& e) {
            json = {{"error", e.what()}};
        }
        outbox.send(to_text(json));
    };
    Json result;
    const ChildEnd end = run_in_child(
        describe_layers,
        {.limit = build_limit, .on_message = [&](std::string_view message) { result = Json::parse(message); }});
    if (result.is_null()) result = {{"error", fmt::format("building the model, a child process {}", end.text())}};
    return result;
}

Json inspect_file(const fs::path& file, bool allow_insecure) {
    const LoadRules rules{.allow_insecure = allow_insecure, .fresh = true};
    const PluginFile opened(file);
    const Verdict verdict = judge_plugin(opened, rules);
    Json json{{"schema", 1},
              {"file", fs::absolute(file).lexically_normal().native()},
              {"size", opened.bytes().size()},
              {"sha256", verdict.sha256},
              {"loads", verdict.refusal.empty()},
              {"refusal", verdict.refusal},
              {"stamp", verdict.stamp},
              {"built_with", verdict.stamp.empty() ? "" : Stamp(verdict.stamp).summary()},
              {"descriptor", verdict.description}};
    if (verdict.refusal.empty()) json.update(layers_of(admit_plugin(file, rules)));
    return json;
}

void print_params(const Json& params) {
    if (params.empty()) {
        fmt::print("\nno parameters\n");
        return;
    }
    std::vector<std::vector<std::string>> rows;
    for (const Json& param : params)
        rows.push_back({param.at("name"), param.at("type"), value_text(param.value("default", Json("?"))),
                        param.value("allowed", "?"), param.value("doc", "?")});
    fmt::print("\n{}", text_table({"parameter", "type", "default", "allowed", "what it is"}, rows, 5));
}

/// "torch::nn::Conv2dImpl" is called Conv2d by those who use it.
std::string layer_type(std::string type) {
    constexpr std::string_view space = "torch::nn::";
    constexpr std::string_view suffix = "Impl";
    if (!type.starts_with(space)) return type;
    type.erase(0, space.size());
    return type.ends_with(suffix) ? type.substr(0, type.size() - suffix.size()) : type;
}

void print_layers(const Json& json) {
    if (json.contains("error")) fmt::print("\nno layers: {}\n", json.at("error").get<std::string>());
    if (!json.contains("layers")) return;
    std::vector<std::vector<std::string>> rows;
    std::int64_t total = 0;
    for (const Json& layer : json.at("layers")) {
        std::vector<std::string> tensors;
        for (const Json& tensor : layer.at("tensors"))
            tensors.push_back(fmt::format("{} [{}]{}", tensor.at("name").get<std::string>(),
                                          fmt::join(tensor.at("shape").get<std::vector<std::int64_t>>(), ", "),
                                          tensor.at("trained").get<bool>() ? "" : " (buffer)"));
        const auto parameters = layer.at("parameters").get<std::int64_t>();
        total += parameters;
        rows.push_back({layer.at("name"), layer_type(layer.at("type")), tensors.empty() ? "-" : join(tensors),
                        std::to_string(parameters)});
    }
    rows.push_back({"total", "", "", std::to_string(total)});
    fmt::print("\nwith default parameters:\n{}", text_table({"layer", "type", "tensors", "parameters"}, rows, 3));
}

void print(const Json& json) {
    const auto line = [](const char* what, const std::string& value) { fmt::print("{:<10}{}\n", what, value); };
    const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
    const Json& d = json.at("descriptor");
    if (!d.is_null()) {
        line("plugin", fmt::format("{} {}", d.at("id").get<std::string>(), d.at("version").get<std::string>()));
        line("summary", d.at("summary"));
    }
    line("file", fmt::format("{} ({})", text("file"), size_text(json.at("size"))));
    line("sha256", text("sha256"));
    line("built", json.at("stamp") == "" ? "no stamp: built with nothing this host knows" : text("built_with"));
    if (json.at("stamp") != "") line("stamp", text("stamp"));
    line("verdict", json.at("loads").get<bool>() ? "loads here" : "refused: " + text("refusal"));
    if (d.is_null()) return;
    const auto sizes = d.at("input").get<std::vector<std::int64_t>>();
    line("input", fmt::format("{}{}", fmt::join(sizes, " x "),
                              sizes.size() == 3   ? " (channels, height, width)"
                              : sizes.size() == 1 ? " (columns)"
                                                  : ""));
    const char* columns = d.contains("classes") ? "classes" : "outputs";
    line(columns, d.at(columns).dump());
    if (d.value("loss", false)) line("loss", "its own too, for trainer.loss = \"model\"");
    print_params(d.at("params"));
    print_layers(json);
}

struct InspectOptions {
    std::string plugin{};
    PluginOptions plugins{};
    bool json = false;

    void declare(CommandLine& line) {
        line.argument("PLUGIN", plugin);
        declare_plugins(line, plugins);
        declare_json(line, json);
    }
};

ExitCode inspect(const InspectOptions& options) {
    const fs::path file = named_plugin_file(options.plugin, plugin_folders(options.plugins.folders));
    const Json json = inspect_file(file, options.plugins.allow_insecure);
    if (options.json) {
        fmt::print("{}", to_text(json));
    } else {
        print(json);
    }
    return json.at("loads").get<bool>() ? ExitCode::ok : ExitCode::unusable;
}

}  // namespace

Verb inspect_verb() {
    return make_verb("inspect", "all there is to know of a plugin (an id or a path), also of one that is refused",
                     inspect);
}

}  // namespace labhost
