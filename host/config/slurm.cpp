#include "config/slurm.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

/// What would break what labhost relies on.
constexpr std::array<std::string_view, 15> own{"array",    "requeue",  "no-requeue", "open-mode", "signal",
                                               "parsable", "output",   "job-name",   "wrap",      "chdir",
                                               "error",    "clusters", "wait",       "test-only", "ntasks"};

}  // namespace

std::pair<std::string, std::string> parse_sbatch(const std::string& option) {
    const std::size_t equals = option.find('=');
    std::string key = option.substr(0, equals);
    const bool proper = !key.empty() && key.front() != '-' &&
                        key.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos &&
                        is_one_line(option);
    if (!proper)
        throw Error(ExitCode::usage,
                    fmt::format("'{}' is no option of sbatch; give KEY=VALUE without dashes in front, such as "
                                "constraint=avx512",
                                printable(option)));
    // sbatch takes abbreviations, too.
    const auto taken = std::ranges::find_if(own, [&](std::string_view name) { return name.starts_with(key); });
    if (taken != own.end()) throw Error(ExitCode::usage, fmt::format("--{} is set by labhost itself", *taken));
    return {key, equals == std::string::npos ? "" : option.substr(equals + 1)};
}

}  // namespace labhost
