// Trials: the first steps of runs in processes of their own, to find out whether their plugins' steps can be captured
// before such a run is begun beside others, which it would end.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sweep/captures.hpp"
#include "sweep/outcome.hpp"
#include "sweep/placement.hpp"
#include "sweep/worker_pool.hpp"

namespace labhost {

/// [supervisor]
class Trials {
public:
    explicit Trials(WorkerPool& workers) : workers_(workers) {}

    /// Begins it, unless the plugin is being tried or `most_at_once` are.
    void begin(const WantedTrial& wanted, int most_at_once);
    bool any_under_way() const { return !trials_.empty(); }
    std::vector<Device> devices() const;
    /// False if the worker is no trial.
    bool hear(WorkerId worker, const WorkerMessage& message);

    /// What a trial came to.
    struct Ended {
        const PlannedRun* run{};
        Device device{};
        std::optional<WorkerMessage> said{};  ///< Captured, NotCaptured, GpuFaulted, Failed, or nothing
        ChildEnd end{};
    };
    /// Nothing if the worker is no trial. No trial afterwards.
    std::optional<Ended> take(WorkerId worker, const ChildEnd& end);
    /// Ends them all.
    void discard_all();

private:
    struct Trial {
        const PlannedRun* run{};
        Device device{};
        std::optional<WorkerMessage> said{};
    };

    WorkerPool& workers_;
    std::map<WorkerId, Trial> trials_;
};

}  // namespace labhost
