// The gate: decides from the file alone, before any of its code runs, whether a plugin may be loaded.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "plugin/stamp.hpp"
#include "support/json.hpp"

namespace labhost {

/// What the file says without being loaded.
struct GateReport {
    std::string refusal{};  ///< why it may not be loaded and what to do; "" if it may
    std::optional<Stamp> stamp{};
    Json description{};  ///< as `describe` gives it; null if it cannot be read
};

/// Examines `bytes`, the content of `file`.
GateReport examine(const std::filesystem::path& file, std::string bytes);

/// Why `file`, found in `folder`, is not safe to load: anyone may write to one of them, or to the file that a link
/// leads to. "" if that is not so.
std::string permission_fault(const std::filesystem::path& file);

}  // namespace labhost
