// Plugins: the folders that are searched, in their order, and the verdict on each file there.
#pragma once

#include <filesystem>
#include <vector>

#include "doctor/finding.hpp"
#include "plugin/find.hpp"

namespace labhost {

/// Loads each plugin anew in a child, and keeps no verdict. Without LibTorch (`torch_loads` is false) a file is only
/// looked at by the gate.
Findings look_at_plugins(const PluginOptions& options, bool torch_loads);

}  // namespace labhost
