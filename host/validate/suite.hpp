// Runs the conformance suite on a plugin: each test in a child process with a time limit.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "validate/check.hpp"

namespace labhost {

/// The test that fails for a plugin that cannot be loaded.
constexpr std::string_view load_test = "loads";

/// The test whose outcome sweeps go by: a warning is a plugin whose steps cannot be captured.
constexpr std::string_view capture_test = "cuda-graph";

struct SuiteOptions {
    std::vector<std::string> tests{};  ///< globs; empty: all
    std::uint64_t seed = 1;
    std::optional<Loss> loss{};  ///< none: the model's own, else that of what it declares
    std::int64_t targets = 0;    ///< columns of the targets of a loss of the model's own; 0: as many as its outputs
    bool allow_insecure = false;
    std::chrono::milliseconds limit{60000};  ///< of each test
    const Dataset* mnist = nullptr;
};

struct TestReport {
    const Check* check{};
    CheckResult result{};
    double seconds = 0.0;
};

struct PluginReport {
    std::filesystem::path file{};
    std::string sha256{};
    std::string refusal{};  ///< why it cannot be loaded, or ""
    std::vector<TestReport> tests{};
};

/// "Success", "Warning", "Skipped", "Failed", "Crashed", "Timed out".
std::string to_text(Outcome outcome);

/// Whether it counts against the plugin.
bool is_failure(Outcome outcome);

/// The tests that a glob of `tests` matches. Throws Error (usage) for a glob that matches none.
std::vector<const Check*> select_checks(const std::vector<std::string>& tests);

/// [supervisor] Runs the selected tests on the file; `tell` hears each report as it comes. If the plugin cannot be
/// loaded, the test `loads` fails and the others are skipped, of which `tell` does not hear.
PluginReport validate(const std::filesystem::path& file, const SuiteOptions& options,
                      const std::function<void(const TestReport&)>& tell);

}  // namespace labhost
