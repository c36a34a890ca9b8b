// The command line: which options each verb takes, and what was given.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "sweep/plan.hpp"

namespace labhost {

struct Options {
    std::string argument{};  ///< the experiment or data set; "" if the verb takes none
    Overrides overrides{};
    Places places{};
    bool force = false;
    bool dry_run = false;
    bool json = false;
    bool quiet = false;
    bool color = true;
    bool help = false;
};

/// Which groups of options a verb takes.
struct VerbSyntax {
    std::string verb{};
    std::string argument{};     ///< "EXPERIMENT.toml", "DATASET", or "" for none
    std::string summary{};      ///< one line
    bool selects_runs = false;  ///< --set --only --seeds --device --runs
    bool runs = false;          ///< --force --dry-run --quiet
    bool plugins = false;       ///< --plugins
    bool data = false;          ///< --data
    bool json = false;          ///< --json
};

/// Throws Error (usage) for what the verb does not take, with the nearest option.
Options parse_options(const VerbSyntax& syntax, const std::vector<std::string>& arguments);

/// The verb's help text.
std::string help_text(const VerbSyntax& syntax);

}  // namespace labhost
