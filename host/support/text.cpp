#include "support/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

namespace labhost {

namespace {

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`: the optimal string alignment distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_previous(b.size() + 1);
    std::vector<std::size_t> previous(b.size() + 1);
    std::vector<std::size_t> current(b.size() + 1);
    std::iota(previous.begin(), previous.end(), 0U);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({replace, previous[j] + 1, current[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                current[j] = std::min(current[j], before_previous[j - 2] + 1);
        }
        before_previous.swap(previous);
        previous.swap(current);
    }
    return previous[b.size()];
}

/// Bytes of the UTF-8 character that `text` begins with; 0 if it is none, or a control character.
std::size_t shown_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = byte(0);
    if (first < 0x80U) return first < 0x20U || first == 0x7FU ? 0 : 1;
    const std::size_t length = first < 0xC2U ? 0 : first < 0xE0U ? 2 : first < 0xF0U ? 3 : first < 0xF5U ? 4 : 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0U) != 0x80U) return 0;
    const unsigned second = byte(1);
    if (first == 0xC2U && second < 0xA0U) return 0;  // U+0080 to U+009F: control characters too
    const bool overlong = (first == 0xE0U && second < 0xA0U) || (first == 0xF0U && second < 0x90U);
    const bool none = (first == 0xEDU && second > 0x9FU) || (first == 0xF4U && second > 0x8FU);
    return overlong || none ? 0 : length;
}

}  // namespace

bool is_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

std::optional<std::uint64_t> parse_count(std::string_view text, std::uint64_t most) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stop == end && number <= most ? std::optional(number) : std::nullopt;
}

std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

std::string trimmed(std::string_view text) {
    constexpr std::string_view spaces = " \t\r\n";
    const std::size_t begin = std::min(text.find_first_not_of(spaces), text.size());
    return std::string(text.substr(begin, text.find_last_not_of(spaces) + 1 - begin));
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
    const std::string* best = nullptr;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const auto& candidate : candidates) {
        std::size_t distance = edit_distance(name, candidate);
        // An abbreviation or a longer spelling ("lerning_rate" for "lr" is caught by aliases, "epoch" here).
        if (!name.empty() && (candidate.starts_with(name) || name.starts_with(candidate)))
            distance = std::min<std::size_t>(distance, 2);
        if (distance < best_distance) {
            best = &candidate;
            best_distance = distance;
        }
    }
    return best == nullptr ? "" : fmt::format("; did you mean '{}'?", *best);
}

bool glob_matches(const std::string& pattern, const std::string& text) {
    return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
    return fmt::format("{}", fmt::join(parts.begin(), parts.end(), separator));
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (end > 0) parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

bool is_one_line(std::string_view text) {
    return std::ranges::none_of(text, [](unsigned char c) { return std::iscntrl(c) != 0; });
}

std::string one_line(std::string_view text) { return join(split(text, '\n'), " | "); }

std::string printable(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t length = shown_length(text);
        if (length == 0) {
            shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
        } else {
            shown += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return shown;
}

std::string printable_lines(std::string_view text) {
    std::string shown;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        shown += printable(text.substr(0, end)) + "\n";
        text.remove_prefix(end + 1);
    }
    return shown + printable(text);
}

std::string shell_quoted(const std::string& text) {
    const auto plain = [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("_-./+:=@").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (!text.empty() && std::ranges::all_of(text, plain)) return text;
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

namespace {

struct Unit {
    std::string_view name;
    double factor;
};

/// A number above zero and one of `units` (the first if none is written), as a multiple of the unit 1.
std::optional<double> parse_quantity(std::string_view text, std::span<const Unit> units, double most) {
    double number = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    while (text.starts_with(' ')) text.remove_prefix(1);
    const auto unit = text.empty() ? units.begin() : std::ranges::find(units, text, &Unit::name);
    if (unit == units.end()) return std::nullopt;
    number *= unit->factor;
    return number > 0.0 && number <= most ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<double> parse_duration(std::string_view text) {
    static constexpr std::array<Unit, 4> units{{{"s", 1.0}, {"m", 60.0}, {"h", 3600.0}, {"d", 86400.0}}};
    return parse_quantity(text, units, 1e9);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    static constexpr std::array<Unit, 9> units{{{"B", 1.0},
                                                {"KiB", 0x1p10},
                                                {"MiB", 0x1p20},
                                                {"GiB", 0x1p30},
                                                {"TiB", 0x1p40},
                                                {"KB", 1e3},
                                                {"MB", 1e6},
                                                {"GB", 1e9},
                                                {"TB", 1e12}}};
    const auto bytes = parse_quantity(text, units, 0x1p60);
    return bytes && *bytes >= 1.0 ? std::optional(static_cast<std::uint64_t>(*bytes)) : std::nullopt;
}

std::string duration_text(double seconds) {
    // Beyond a year nobody counts, and a long could overflow.
    const auto total = static_cast<long>(std::ceil(std::clamp(seconds, 0.0, 365.0 * 86400.0)));
    if (total >= 3600) return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
    return fmt::format("{}:{:02}", total / 60, total % 60);
}

std::string size_text(std::uintmax_t bytes) {
    if (bytes < 1024) return fmt::format("{} bytes", bytes);
    const auto kib = static_cast<double>(bytes) / 1024.0;
    if (kib < 1024.0) return fmt::format("{:.1f} KiB", kib);
    return kib < 1024.0 * 1024.0 ? fmt::format("{:.1f} MiB", kib / 1024.0)
                                 : fmt::format("{:.1f} GiB", kib / 1024.0 / 1024.0);
}

double plain_nan(double value) { return std::isnan(value) ? std::abs(value) : value; }

bool is_file_name(std::string_view name) {
    return !name.empty() && name.size() <= 100 && name != "." && name != ".." &&
           std::ranges::all_of(
               name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.'; });
}

}  // namespace labhost
