// Child processes: run to their end, output captured.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace labhost {

struct ProcessResult {
    int exit_code = 0;  ///< as a shell gives it: 128 + N for signal N
    std::string out{};
    std::string err{};
};

struct ProcessOptions {
    std::filesystem::path folder{};                    ///< to run in; empty: this process's
    std::map<std::string, std::string> environment{};  ///< set on top of this process's
    std::vector<std::string> without{};                ///< globs of variables that it is not to see
};

/// Runs `command` (a program looked up in PATH, and its arguments) without standard input.
/// Throws Error (run_failed) if it cannot be started.
ProcessResult run_process(const std::vector<std::string>& command, const ProcessOptions& options = {});

}  // namespace labhost
