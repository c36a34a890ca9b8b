// Where a setting was written, and errors that begin with it.
#pragma once

#include <cstdint>
#include <string>

namespace labhost {

/// "experiments/q4.toml:14:3", or the command-line option that set it (line 0).
struct Location {
    std::string file{};
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    std::string text() const;
};

/// Throws Error (usage): "<location>: error: <message>".
[[noreturn]] void fail_at(const Location& where, const std::string& message);

}  // namespace labhost
