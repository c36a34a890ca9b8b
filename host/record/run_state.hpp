// How a run stands, as its folder tells it: the one reading of "finished with this fingerprint".
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "train/trainer.hpp"

namespace labhost {

enum class RunState {
    fresh,       ///< nothing there
    unfinished,  ///< begun, not over, without a checkpoint: starts again
    resumable,   ///< begun, not over: resumes from its checkpoint
    failed,      ///< over, failed: is tried again, from its checkpoint if there is one
    finished,    ///< over, well: is not run again
};

/// "new", "unfinished", "resumable", "failed", "finished": as people and JSON read it.
std::string to_text(RunState state);

/// Whether it has a result, good or bad.
bool is_over(RunState state);

/// How a run ended; read from result.json, whose presence means that the run is over.
struct Result {
    bool finished = false;                ///< else failed
    std::string reason{};                 ///< why it failed
    std::optional<EpochMetrics> final{};  ///< of the last epoch
    std::int64_t kept_epoch = 0;          ///< whose weights and predictions there are; 0: unknown
    double seconds = 0.0;                 ///< wall time of the whole run, all sessions together
    std::string fingerprint{};            ///< of the run that ended so
    std::string job{};                    ///< Slurm's, in a task of which it ended: "123_4"; else empty
};

/// The result in `folder`, or nothing if there is none that can be read: such a run is not over. Throws Error if the
/// disk refuses.
std::optional<Result> read_result(const std::filesystem::path& folder);

/// A state, and what it was read from.
struct FoundState {
    RunState state = RunState::fresh;
    std::optional<Result> result{};  ///< of a run that is over
    bool damaged_result = false;     ///< there is a result, of whatever run, that cannot be read
};

/// How the run with this fingerprint stands in its folder. A result of another fingerprint is not its own: a folder's
/// name holds only the beginning. Throws Error if the disk refuses.
FoundState state_of(const std::filesystem::path& folder, const std::string& fingerprint);

/// The state of a run that left no result: a checkpoint or not.
RunState state_without_result(const std::filesystem::path& folder);

}  // namespace labhost
