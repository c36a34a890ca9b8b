// The plan of a sweep: every run with its plugin, data and fingerprint, and what its folder holds already.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "data/dataset.hpp"
#include "plugin/find.hpp"
#include "plugin/params.hpp"
#include "plugin/plugin.hpp"
#include "record/run_state.hpp"
#include "train/device.hpp"

namespace labhost {

/// A shorter run that is finished, whose checkpoint a longer one can take up.
struct ShorterRun {
    std::filesystem::path folder{};
    std::string fingerprint{};
    std::int64_t epochs = 0;  ///< done
    std::string why_not{};    ///< where there is a shorter run that cannot be taken up; else ""
};

struct PlannedRun {
    RunSettings settings{};
    const Plugin* plugin{};
    ResolvedParams params{};
    const Dataset* dataset{};
    Device device{};
    std::string fingerprint{};
    std::string prefix{};  ///< the fingerprint of all runs that differ only in how long they go on
    std::filesystem::path folder{};
    RunState status = RunState::fresh;
    std::optional<Result> result{};  ///< of a finished or failed run
    /// If it is not finished: the folder of a finished run of this experiment that is the same but for its id, or for
    /// what does not change its numbers. They are taken from there.
    std::filesystem::path duplicate_of{};
    ShorterRun continues{};  ///< of one that is new: what it goes on from; no folder: from the beginning

    /// Why it failed; "" if it did not.
    std::string failure() const { return status == RunState::failed && result ? result->reason : ""; }
};

struct Plan {
    std::string experiment{};
    std::string title{};
    std::filesystem::path file{};  ///< the experiment's, absolute
    std::string command{};         ///< that asks for the runs, as a shell takes it; "" if none does
    std::string revision{};        ///< of the file in git; "" where there is none
    std::map<std::string, std::unique_ptr<Dataset>> datasets{};  ///< each loaded once, by its loading_key
    std::vector<PlannedRun> runs{};
    std::vector<Claim> claims{};
};

/// The folders that the command line names.
struct Paths {
    PluginOptions plugins{};
    std::optional<std::filesystem::path> data{};
    std::filesystem::path runs = "runs";
    /// Planned for other machines: whether these have GPUs, which then cannot be looked for here.
    std::optional<bool> elsewhere_with_gpu{};
};

/// Checks everything that can be checked before a run begins. Throws Error with the exit code that fits: settings,
/// parameters and data (usage), plugins and devices (unusable).
Plan make_plan(Experiment experiment, const Paths& places);

}  // namespace labhost
