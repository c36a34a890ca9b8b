// Dispatch: brings runs that wait together with places for them, and starts them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sweep/captures.hpp"
#include "sweep/gpus.hpp"
#include "sweep/observer.hpp"
#include "sweep/placement.hpp"
#include "sweep/records.hpp"
#include "sweep/run_queue.hpp"
#include "sweep/sweep_options.hpp"
#include "sweep/trials.hpp"
#include "sweep/under_way.hpp"
#include "sweep/worker_pool.hpp"

namespace labhost {

/// A sweep: what it was given, and what its parts know.
struct SweepState {
    Plan& plan;
    const SweepOptions& options;
    SweepObserver& observer;
    const Machine& machine;
    WorkerPool& workers;
    RunLimits limits;
    RunQueue queue;
    UnderWay under_way;
    Gpus gpus;
    Captures captures;
    Trials trials;
    Records records;
};

/// [supervisor]
class Dispatch {
public:
    explicit Dispatch(SweepState& sweep) : sweep_(sweep) {}

    /// Starts runs until there is no place, or none that may start.
    void fill();
    /// Pauses a run, if the longest that waits would otherwise become a tail; looks now and then.
    void pause_for_the_longest();

    /// Says, once for each plugin, that its runs are slower than they could be.
    void say_not_captured(const Plugin& plugin, const std::string& why);
    /// Once for each attempt.
    void announce(Attempt& attempt, const std::optional<Progress>& from);

    /// The ids of the runs whose GPUs take no more.
    const std::vector<std::string>& stranded() const { return stranded_; }

private:
    MachineState state() const;
    void strand();
    /// Starts a run; false if there is none to start.
    bool start_next();
    void start(Task task, const Place& place);
    Worker& new_worker(const Task& task, const Place& place);
    void close(Worker& worker);

    SweepState& sweep_;
    std::vector<std::string> stranded_;
    std::set<std::string> not_captured_said_;  ///< hashes of plugins
    SweepTime longest_looked_for_{};
};

}  // namespace labhost
