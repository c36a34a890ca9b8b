// The gate: decides from the file alone, before any of its code runs, whether a plugin may be loaded.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "plugin/plugin_file.hpp"
#include "plugin/stamp.hpp"
#include "support/json.hpp"

namespace labhost {

/// What the file says without being loaded.
struct GateReport {
    std::string refusal{};  ///< why it may not be loaded and what to do; "" if it may
    std::optional<Stamp> stamp{};
    Json description{};  ///< as `describe` gives it; null if it cannot be read
};

GateReport examine(const PluginFile& file);

/// Why `file` is not safe to load: anyone may write to it, or to a folder that it or a link on the way to it lies in.
/// "" if that is not so. Folders further up are not looked at: build machines often have an open one there.
std::string permission_fault(const std::filesystem::path& file);

}  // namespace labhost
