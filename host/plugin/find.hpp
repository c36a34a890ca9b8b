// Where plugins are looked for, and what lies there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/location.hpp"

namespace labhost {

/// What the command line says of plugins.
struct PluginOptions {
    std::vector<std::filesystem::path> folders{};  ///< searched first
    bool allow_insecure = false;                   ///< load files that anyone may write to
};

/// The folders searched, first match wins: `given` (--plugins), $LABHOST_PLUGIN_PATH, the one beside the executable,
/// the installed one, the user's data folder. Throws Error (usage) if one of `given` is no folder.
std::vector<std::filesystem::path> plugin_folders(const std::vector<std::filesystem::path>& given);

/// All .so files of the folders, the winner of each name first; sorted by name within a folder.
std::vector<std::filesystem::path> plugin_files(const std::vector<std::filesystem::path>& folders);

/// The file of the plugin called `id`. Throws Error (usage) at `where` if there is none, with near names.
std::filesystem::path find_plugin_file(const std::string& id, const Location& where,
                                       const std::vector<std::filesystem::path>& folders);

/// The file that a command line's PLUGIN means: a path, if it has a '/' or ends in .so, else an id.
std::filesystem::path named_plugin_file(const std::string& name, const std::vector<std::filesystem::path>& folders);

}  // namespace labhost
