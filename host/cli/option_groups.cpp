#include "cli/option_groups.hpp"

#include <fmt/format.h>

#include "config/settings.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

std::string parse_device(const std::string& name) {
    if (!is_device(name))
        throw Error(ExitCode::usage, fmt::format("--device {}: error: must be auto, cpu, cuda or cuda:N", name));
    return name;
}

}  // namespace

void declare_plugins(CommandLine& line, PluginOptions& plugins) {
    line.list("--plugins", "DIR", "search this folder first (repeatable)", plugins.folders);
    line.flag("--allow-insecure-plugins", "load plugins although anyone may write to their file or folder",
              plugins.allow_insecure);
}

void declare_data(CommandLine& line, std::optional<std::filesystem::path>& folder) {
    line.value("--data", "DIR", "where data sets are kept (default: $LABHOST_DATA, then the cache)", folder);
}

void declare_runs(CommandLine& line, std::filesystem::path& folder) {
    line.value("--runs", "DIR", "where run folders are kept (default: runs)", folder);
}

void declare_json(CommandLine& line, bool& json) {
    line.flag("--json", "one JSON document on standard output, nothing else there", json);
}

void RunSelection::declare(CommandLine& line) {
    line.list("--set", "KEY=VALUE",
              "override one key, dotted, VALUE in TOML syntax: --set trainer.epochs=1 (repeatable)", overrides.set);
    line.list("--only", "GLOB", "only runs whose id matches (repeatable)", overrides.only);
    line.value("--seeds", "1,2,3", "replaces experiment.seeds", overrides.seeds,
               [](const std::string& list) { return parse_seeds(list, "--seeds"); });
    line.value("--device", "NAME", "auto, cpu, cuda or cuda:N; replaces trainer.device", overrides.device,
               parse_device);
    declare_runs(line, paths.runs);
    declare_plugins(line, paths.plugins);
    declare_data(line, paths.data);
}

void SubmittedExperiment::declare(CommandLine& line) {
    line.argument("EXPERIMENT.toml", file);
    line.list("--set", "KEY=VALUE", "as it was submitted with: experiment.name counts here", overrides.set);
    declare_runs(line, runs);
}

double parse_time(const std::string& text) {
    const auto seconds = parse_duration(text);
    if (!seconds) throw BadValue("give a time such as 90s, 2m or 1h");
    return *seconds;
}

int parse_integer(const std::string& text) {
    const auto number = parse_count(text, 999'999);
    if (!number) throw BadValue("give an integer");
    return static_cast<int>(*number);
}

std::optional<int> parse_count_or_auto(const std::string& text) {
    if (text == "auto") return std::nullopt;
    const int number = parse_integer(text);
    if (number == 0) throw BadValue("give a number of runs at once, or auto");
    return number;
}

std::vector<std::uint64_t> parse_seeds(const std::string& list, const std::string& option) {
    std::vector<std::uint64_t> seeds;
    const auto parts = split(list, ',');
    if (join(parts, ",") != list || parts.empty())
        throw Error(ExitCode::usage,
                    fmt::format("{} {}: error: give integers separated by commas, as in --seeds 1,2,3", option, list));
    for (const std::string& part : parts) {
        const auto seed = parse_count(part, 999'999'999'999'999'999);
        if (!seed)
            throw Error(ExitCode::usage,
                        fmt::format("{} {}: error: '{}' is no seed; give integers from 0 up, as in --seeds 1,2,3",
                                    option, list, part));
        seeds.push_back(*seed);
    }
    return seeds;
}

}  // namespace labhost
