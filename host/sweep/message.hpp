// What a supervisor and its workers say to each other: two variants, their bytes, and nothing else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "sweep/gpus.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// What a worker says of a run. After one of the last six, the last words, nothing more comes of it.
namespace message {

/// It goes on from its checkpoint.
struct Resumed {
    Progress at{};
    double seconds = 0.0;                 ///< of the sessions before
    std::optional<EpochMetrics> final{};  ///< of the last epoch that is done, if one is
};
struct Progressed {
    Progress at{};
};
struct EpochFinished {
    EpochMetrics metrics{};
};
struct Warned {
    std::string words{};
};
/// Its training steps are replayed from a CUDA graph from now on.
struct Captured {};
/// Said once they are, and after the run's first epoch.
struct Measured {
    MeasuredMemory memory{};
};
/// Its checkpoint is written.
struct Paused {};
/// A step cannot be captured. The worker ends: this run and those beside it go on in others, this one without graphs.
struct NotCaptured {
    std::string why{};
};
/// Likewise the end of the worker.
struct GpuFaulted {
    GpuFault::Kind kind{};
    std::int32_t code = 0;
    std::string words{};
};
struct Finished {
    double seconds = 0.0;         ///< of all sessions
    EpochMetrics final{};         ///< of the last epoch
    std::int64_t kept_epoch = 0;  ///< whose weights and predictions it left
};
struct Failed {
    std::string reason{};
};
/// Its folder could not be written.
struct StorageFailed {
    std::string words{};
};

}  // namespace message

using WorkerMessage = std::variant<message::Resumed, message::Progressed, message::EpochFinished, message::Warned,
                                   message::Captured, message::Measured, message::Paused, message::NotCaptured,
                                   message::GpuFaulted, message::Finished, message::Failed, message::StorageFailed>;

bool is_last_word(const WorkerMessage& message);
/// Whether the run is over by it; after the other last words it is when its worker has ended.
bool ends_run(const WorkerMessage& message);

struct RunMessage {
    std::uint32_t run = 0;  ///< the number that the worker was told for it
    WorkerMessage what{};
};

/// What a worker is told.
namespace command {

/// A run, beside those that it has.
struct Train {
    std::uint32_t number = 0;  ///< by which the worker speaks of it: another one for each run of its life
    std::uint64_t index = 0;   ///< in the plan, from 0
    bool from_scratch = false;
    std::filesystem::path duplicate_of{};  ///< a finished run with the same fingerprint, whose numbers are taken; or ""
};
struct NoMoreRuns {};

}  // namespace command

using WorkerCommand = std::variant<command::Train, command::NoMoreRuns>;

/// For one machine: numbers as they lie in memory.
std::string encode(RunMessage message);
std::string encode(WorkerCommand command);

/// Nothing for bytes that `encode` does not make.
std::optional<RunMessage> decode_message(std::string_view bytes);
std::optional<WorkerCommand> decode_command(std::string_view bytes);

}  // namespace labhost
