// The verdict on a plugin's file: whether it can be loaded here, found out once and remembered by its hash.
#pragma once

#include <filesystem>
#include <string>

#include "support/json.hpp"

namespace labhost {

struct Verdict {
    std::string sha256{};   ///< of the file
    std::string refusal{};  ///< why it cannot be loaded and what to do; "" if it can
    std::string stamp{};    ///< what it was built with, or ""
    Json description{};     ///< as `describe` gives it; null if it cannot be read
};

/// How much a verdict may rest on.
enum class Evidence {
    remembered,  ///< a verdict on the same bytes by the same host
    fresh,       ///< the file is examined, and loaded in a child, anew
};

/// Takes the file through the gate, then loads it in a child process with a time limit, so that what runs at load may
/// crash, hang or exit. The verdict is kept in the user's cache folder, unless it rests on other files (a library that
/// is not found).
Verdict judge(const std::filesystem::path& file, Evidence evidence = Evidence::remembered);

}  // namespace labhost
