// A plugin: its descriptor, checked, and the file it came from.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <labhost/abi.h>

#include "plugin/elf_file.hpp"
#include "plugin/plugin_file.hpp"
#include "plugin/stamp.hpp"
#include "plugin/verdict.hpp"

namespace labhost {

struct Plugin {
    std::filesystem::path file{};
    std::string sha256{};  ///< of the file
    Stamp stamp;
    /// Of an admitted plugin as its file holds it: its functions cannot be called. Of a loaded one the real one.
    const labhost_descriptor* descriptor{};

    std::shared_ptr<const PluginFile> opened{};
    std::shared_ptr<const StoredDescriptor> stored{};

    std::string id() const { return descriptor->id; }
};

/// [supervisor] Admits the plugin in this file, if its permissions, its hash, the gate and the verdict of a load in a
/// child process allow it. Nothing of it runs in this process. It stays as it is when another file takes its name. A
/// file that was admitted before is not looked at again; the result lives to the end of the process. Throws Error
/// (unusable).
const Plugin& admit_plugin(const std::filesystem::path& file, const LoadRules& rules = {});

/// [worker | child] Loads an admitted plugin (now, local), in the process that uses it. Throws Error (unusable).
Plugin load_plugin(const Plugin& admitted);

}  // namespace labhost
