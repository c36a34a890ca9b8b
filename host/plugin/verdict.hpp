// The verdict on a plugin's file: whether it can be loaded here, found out once and remembered by its hash.
#pragma once

#include <string>

#include "plugin/plugin_file.hpp"
#include "support/json.hpp"

namespace labhost {

/// What a plugin's file must be besides loadable.
struct LoadRules {
    bool allow_insecure = false;  ///< a file or folder that anyone may write to
    std::string sha256{};         ///< of the only file that will do; empty: any
    bool fresh = false;           ///< examine and load it anew, whatever is remembered
    bool remember = true;         ///< keep the verdict in the user's cache folder
};

struct Verdict {
    std::string sha256{};   ///< of the file
    std::string refusal{};  ///< why it cannot be loaded and what to do; "" if it can
    std::string stamp{};    ///< what it was built with, or ""
    Json description{};     ///< as `describe` gives it; null if it cannot be read
};

/// Checks, in this order: permissions; the hash, against a pin; the gate; and a load in a child process with a time
/// limit, so that what runs at load may crash, hang or exit. The verdict of the last two is kept in the user's cache
/// folder, unless it rests on more than the file (a library that is not found).
Verdict judge_plugin(const PluginFile& file, const LoadRules& rules = {});

/// Why a file of this hash is not the pinned one; "" if it is, or none is pinned.
std::string pin_fault(const std::string& sha256, const LoadRules& rules);

}  // namespace labhost
