// Options that several verbs take, and the parsers of their values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "config/experiment.hpp"
#include "plugin/find.hpp"
#include "sweep/plan.hpp"

namespace labhost {

/// --plugins --allow-insecure-plugins
void declare_plugins(CommandLine& line, PluginOptions& plugins);

/// --data
void declare_data(CommandLine& line, std::optional<std::filesystem::path>& folder);

/// --runs
void declare_runs(CommandLine& line, std::filesystem::path& folder);

/// --json
void declare_json(CommandLine& line, bool& json);

/// Runs by an experiment or by where they are kept: --set --only --seeds --device --runs --plugins
/// --allow-insecure-plugins --data.
struct RunSelection {
    Overrides overrides{};
    Paths paths{};

    void declare(CommandLine& line);
};

/// An experiment of which something was submitted: EXPERIMENT.toml --set --runs.
struct SubmittedExperiment {
    std::string file{};
    Overrides overrides{};
    std::filesystem::path runs = "runs";

    void declare(CommandLine& line);
};

/// Each throws BadValue, unless it says something else.

/// Seconds, from "90s", "2m", "1h".
double parse_time(const std::string& text);

/// An integer from 0 up to 999999.
int parse_integer(const std::string& text);

/// Nothing for "auto", else an integer from 1 up to 999999.
std::optional<int> parse_count_or_auto(const std::string& text);

/// "1,2,3", given to `option`. Throws Error (usage).
std::vector<std::uint64_t> parse_seeds(const std::string& list, const std::string& option);

}  // namespace labhost
