// How an attempt at a run ended, and what follows from it: data in, a verdict out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "support/child.hpp"
#include "sweep/message.hpp"
#include "sweep/plan.hpp"
#include "sweep/worker.hpp"

namespace labhost {

/// What is done about a fault of a GPU.
enum class GpuVerdict {
    taken,      ///< it lets one process in, which is one of ours: the run is tried again, isolated, once it may be gone
    benched,    ///< it takes no more runs; these go on elsewhere
    crowded,    ///< too little memory for so many runs: half as many go on
    beside,     ///< too little memory beside other processes, or after other runs: again, isolated, which counts
    too_large,  ///< too little memory for this run, which had it for itself
    run,        ///< some run of the process did it
};

/// What was on the GPU.
struct FaultSituation {
    bool has_computed = false;    ///< a run of the process has done a batch there
    bool isolated = false;        ///< the run
    bool held_by_us = false;      ///< another process of ours has the GPU, or had it a moment ago
    int runs = 1;                 ///< of ours
    int processes = 1;            ///< of ours
    bool had_other_runs = false;  ///< the process has
};

GpuVerdict judge_gpu_fault(const GpuFault& fault, const FaultSituation& there);

/// What ended a worker with all its runs, if it said so.
struct WorkerFault {
    struct StepNotCaptured {};
    struct OfGpu {
        GpuFault::Kind kind{};
        GpuVerdict verdict{};
    };
    std::variant<std::monostate, StepNotCaptured, OfGpu> what{};

    bool is_any() const { return !std::holds_alternative<std::monostate>(what); }
};

/// An attempt that is over.
struct AttemptEnd {
    const PlannedRun* run{};
    int attempts = 1;                          ///< that counted, this one included
    std::optional<WorkerMessage> last_word{};  ///< what the worker said of the run at its end, if it did
    std::optional<Progress> reached{};
    bool has_computed = false;  ///< a batch, in this session
    bool colocated = false;
    bool died_young = false;  ///< the worker: what it lost is so little that its runs are tried colocated again
    WorkerFault fault{};
    ChildEnd process{};        ///< how the worker ended; completed if it goes on
    std::uint64_t memory = 0;  ///< bytes that it held
    std::uint64_t memory_limit = 0;
    std::string memory_limit_name{};
};

namespace outcome {

struct Succeeded {
    double seconds = 0.0;
    EpochMetrics final{};
    std::int64_t kept_epoch = 0;
};
/// It is recorded.
struct Failed {
    std::string reason{};
};
/// It died before its first batch: recorded as failed once it is known that the machine is not broken.
struct Suspected {
    std::string reason{};
};
/// Its checkpoint, or its beginning, waits to be gone on with.
struct Preempted {};
/// It failed, and has an attempt left (--retries).
struct Retry {
    std::string reason{};
};
/// It may have suffered what another run of its process did: again, isolated or not. Does not count as an attempt.
struct RetryUnblamed {
    bool isolated = true;
};
/// Its worker could not go on for any run: without graphs, on another GPU, or with fewer beside it. Does not count.
struct RetryElsewhere {};

}  // namespace outcome

using Outcome = std::variant<outcome::Succeeded, outcome::Failed, outcome::Suspected, outcome::Preempted,
                             outcome::Retry, outcome::RetryUnblamed, outcome::RetryElsewhere>;

struct RetryPolicy {
    int retries = 0;
    bool stopping = false;  ///< the sweep is: what failed by that is no failure
};

/// Whether a worker that ended so may have been ended by a plugin that nobody had tried: not by what runs of any plugin
/// come to. `died`: its process did not come to its end.
bool may_die_young(const WorkerFault& fault, const Device& device, bool died);

Outcome outcome_of(const AttemptEnd& end, const RetryPolicy& policy);

}  // namespace labhost
