// The gate: decides from the file alone, before any of its code runs, whether a plugin may be loaded.
#pragma once

#include <filesystem>

#include "plugin/stamp.hpp"

namespace labhost {

/// Reads the stamp of the plugin. Throws Error (unusable), naming the file and what to do, if the file is not a
/// shared library for this machine, is no labhost plugin, or was built with something this host does not match.
Stamp check_at_gate(const std::filesystem::path& file);

}  // namespace labhost
