// Worker processes as the supervisor sees them: what it can ask of them, and what happens to them. An interface, so
// that the rules of a sweep can be tested without a process.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "record/run_lock.hpp"
#include "support/child.hpp"
#include "sweep/message.hpp"
#include "sweep/plan.hpp"
#include "sweep/run_queue.hpp"
#include "sweep/worker.hpp"

namespace labhost {

using WorkerId = std::uint32_t;

/// A line that a plugin wrote.
struct WorkerOutput {
    std::string line{};
};
/// The last of a worker.
struct WorkerEnded {
    ChildEnd end{};
    std::uint64_t memory = 0;  ///< bytes that it held when that was last looked at; 0: not known
};
struct WorkerEvent {
    WorkerId worker = 0;
    std::variant<RunMessage, WorkerOutput, WorkerEnded> what{};
};

/// [supervisor] A worker that has ended does not mind what it is told or asked: its end may be among the events that
/// are being heard.
class WorkerPool {
public:
    WorkerPool() = default;
    virtual ~WorkerPool() = default;
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    WorkerPool(WorkerPool&&) = delete;
    WorkerPool& operator=(WorkerPool&&) = delete;

    /// Before the first worker. `locks`: of the runs' claims, in which workers enter their runs' folders.
    virtual void prepare(RunLocks& locks) = 0;

    /// A worker that waits for its runs. Throws Error (run_failed) if no process can be made.
    virtual WorkerId start(const WorkerConfig& config) = 0;
    /// A process that only tries the first steps of a run (try_first_steps). Throws likewise.
    virtual WorkerId start_trial(const PlannedRun& run, const Device& device) = 0;

    virtual void tell(WorkerId worker, const WorkerCommand& command) = 0;
    /// Its runs write checkpoints after their next steps, and it ends.
    virtual void ask_to_pause(WorkerId worker) = 0;
    /// Its end is still to come.
    virtual void kill(WorkerId worker) = 0;
    /// Kills it, and nothing comes of it any more.
    virtual void discard(WorkerId worker) = 0;

    /// What happened since, of each worker in order; waits for something, at most this long.
    virtual std::vector<WorkerEvent> wait(std::chrono::milliseconds longest) = 0;

    virtual SweepTime now() const = 0;
};

/// Workers that are forked from this process.
std::unique_ptr<WorkerPool> forked_workers(const Plan& plan);

}  // namespace labhost
