// A loaded plugin: its descriptor, checked, and the file it came from.
#pragma once

#include <filesystem>
#include <string>

#include <labhost/abi.h>

#include "plugin/stamp.hpp"

namespace labhost {

/// Lives from its load to the end of the process; refer to it freely.
struct Plugin {
    std::filesystem::path file{};
    std::string sha256{};  ///< of the file
    Stamp stamp;
    const labhost_descriptor* descriptor{};

    std::string id() const { return descriptor->id; }
};

/// What a plugin's file must be besides loadable.
struct LoadRules {
    bool allow_insecure = false;  ///< a file or folder that anyone may write to
    std::string sha256{};         ///< of the only file that will do; empty: any
};

/// Loads the file (now, local) if its permissions, its hash, the gate and the verdict of a load in a child process
/// allow it. A file that is loaded already is not loaded again, and one replaced later stays loaded as it was. Throws
/// Error (unusable).
const Plugin& load_plugin(const std::filesystem::path& file_as_given, const LoadRules& rules = {});

}  // namespace labhost
