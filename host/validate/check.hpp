// A test of the conformance suite: its name, what it says of a plugin, and how it ends.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "config/experiment.hpp"
#include "data/dataset.hpp"
#include "plugin/plugin.hpp"

namespace labhost {

enum class Outcome { success, warning, skipped, failed, crashed, timed_out };

struct CheckResult {
    Outcome outcome = Outcome::success;
    std::string detail{};  ///< why, where it is not plain success
};

/// What a test has to work with, in a process of its own.
struct CheckContext {
    std::filesystem::path file{};
    std::function<const Plugin&()> load{};  ///< loads the plugin when first called
    std::uint64_t seed = 1;
    Loss loss = Loss::nll;           ///< that the model is meant for
    std::int64_t targets = 0;        ///< columns of its targets; 0: as many as outputs
    const Dataset* mnist = nullptr;  ///< null if it is not there
};

struct Check {
    const char* name;  ///< "same-seed"
    const char* says;  ///< "the same seed gives the same weights and outputs"
    /// Whatever it throws makes it failed.
    CheckResult (*run)(const CheckContext& context);
};

/// All tests, in the order they run. Loads the engine.
std::span<const Check> all_checks();

}  // namespace labhost
