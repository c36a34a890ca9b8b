// Text: numbers and lists in it, suggestions for misspelt names, glob patterns, what may be shown.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace labhost {

/// Digits and letters are those of ASCII, whatever the locale.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether `text` is one digit or more, and nothing else.
bool is_digits(std::string_view text);

/// The number that `text` is in digits alone, from 0 to `most`; nothing for a sign, a space, or a larger one.
std::optional<std::uint64_t> parse_count(std::string_view text,
                                         std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

std::string to_lower(std::string_view text);

/// `text` without the spaces, tabs and line breaks around it.
std::string trimmed(std::string_view text);

/// "; did you mean 'lr'?" for the candidate nearest to `name`, or "" if none is near.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

/// Whether `text` matches the shell pattern (`*`, `?`, `[...]`).
bool glob_matches(const std::string& pattern, const std::string& text);

/// "a, b, c".
std::string join(std::span<const std::string> parts, std::string_view separator = ", ");

/// The parts of `text` between `separator`s; empty parts are left out.
std::vector<std::string> split(std::string_view text, char separator);

/// Whether `name` is made of at most 100 letters, digits, '_', '-' and '.', and so can be part of a file's name.
bool is_file_name(std::string_view name);

/// Whether `text` has no line break and no other control character.
bool is_one_line(std::string_view text);

/// `text` without line breaks, for a message of one line.
std::string one_line(std::string_view text);

/// `text` so that a terminal or an editor only shows it: control characters and what is not UTF-8 stand as \x1b.
std::string printable(std::string_view text);

/// The same, but line breaks stay.
std::string printable_lines(std::string_view text);

/// `text` as a shell takes it for one word: in quotes where it needs them.
std::string shell_quoted(const std::string& text);

/// Seconds from "90s", "2m", "1.5h" or a number alone; nothing if it is none of these, not above zero or over a
/// billion.
std::optional<double> parse_duration(std::string_view text);

/// Bytes from "512 MiB", "2GiB", "1.5 GB" or a number alone; nothing if it is none of these or not above zero.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// "0:07", "12:40", "1:02:03"
std::string duration_text(double seconds);

/// "58.2 KiB"
std::string size_text(std::uintmax_t bytes);
inline constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

/// `value`, a NaN without its sign: Python prints "nan" where C++ may print "-nan".
double plain_nan(double value);

}  // namespace labhost
