// Text: suggestions for misspelt names, glob patterns, the shortest form of numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace labhost {

/// "; did you mean 'lr'?" for the candidate nearest to `name`, or "" if none is near.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

/// Whether `text` matches the shell pattern (`*`, `?`, `[...]`).
bool glob_matches(const std::string& pattern, const std::string& text);

/// "a, b, c".
std::string join(std::span<const std::string> parts, std::string_view separator = ", ");

/// The parts of `text` between `separator`s; empty parts are left out.
std::vector<std::string> split(std::string_view text, char separator);

/// Whether `name` is made of letters, digits, '_', '-' and '.', and so can be a file's name.
bool is_file_name(std::string_view name);

}  // namespace labhost
