#include "config/slurm.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

constexpr std::int64_t most = 1'000'000;

/// What would break what labhost relies on.
constexpr std::array<std::string_view, 15> own{"array",    "requeue",  "no-requeue", "open-mode", "signal",
                                               "parsable", "output",   "job-name",   "wrap",      "chdir",
                                               "error",    "clusters", "wait",       "test-only", "ntasks"};

std::string one_line_of(StrictTable& table, std::string_view key) {
    std::string text = table.string(key).value_or("");
    if (!is_one_line(text)) table.fail(key, "must be one line");
    return text;
}

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

SlurmSettings read_slurm(StrictTable table) {
    SlurmSettings settings{.partition = one_line_of(table, "partition"),
                           .account = one_line_of(table, "account"),
                           .time = one_line_of(table, "time"),
                           .mem = one_line_of(table, "mem"),
                           .gpus_per_task = table.integer("gpus_per_task", 1, most),
                           .cpus_per_task = table.integer("cpus_per_task", 1, most),
                           .array_parallelism = table.integer("array_parallelism", 1, most)};
    settings.pack = table.integer("pack", 1, most).value_or(settings.pack);
    settings.max_requeues = table.integer("max_requeues", 0, most).value_or(settings.max_requeues);
    if (auto more = table.table("sbatch")) {
        for (const auto& [key, node] : more->raw()) {
            const auto value = more->string(key.str());
            try {
                settings.sbatch.push_back(parse_sbatch(fmt::format("{}={}", key.str(), value.value_or(""))));
            } catch (const Error& e) {
                more->fail(key.str(), e.what());
            }
        }
        more->finish();
    }
    table.finish();
    return settings;
}

}  // namespace labhost
