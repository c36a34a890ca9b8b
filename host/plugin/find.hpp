// Where plugins are looked for, and what lies there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "plugin/plugin.hpp"

namespace labhost {

/// The folders searched, first match wins: `given` (--plugins), $LABHOST_PLUGIN_PATH, the one beside the executable,
/// the installed one, the user's data folder. Throws Error (usage) if one of `given` is no folder.
std::vector<std::filesystem::path> plugin_folders(const std::vector<std::filesystem::path>& given);

/// All .so files of the folders, the winner of each name first; sorted by name within a folder.
std::vector<std::filesystem::path> plugin_files(const std::vector<std::filesystem::path>& folders);

/// Loads the plugin that a run names. Throws Error: usage if there is none of that name (with near names),
/// unusable if it is there but refused.
const Plugin& find_plugin(const std::string& id, const Location& where,
                          const std::vector<std::filesystem::path>& folders);

}  // namespace labhost
