// What is under way: the workers of a sweep, and the attempts at runs in them, as the supervisor has heard of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sweep/outcome.hpp"
#include "sweep/placement.hpp"
#include "sweep/run_queue.hpp"
#include "sweep/worker_pool.hpp"

namespace labhost {

/// A worker process.
struct Worker {
    WorkerId id = 0;
    WorkerConfig config{};
    const PlannedRun* example{};  ///< of what it trains
    int most_runs = 1;            ///< at once
    int fit = 1;                  ///< of these, by the GPU's memory; 1 until that has been measured
    bool is_measured = false;
    std::uint32_t told = 0;                     ///< runs in its life
    bool is_closed = false;                     ///< no more runs come to it
    std::optional<SweepTime> computes_since{};  ///< a run of it has done a batch
    WorkerFault fault{};                        ///< what ended it
    bool died_young = false;                    ///< see AttemptEnd
    SweepTime watched_at{};                     ///< when its runs' time was last counted

    bool is_on(int gpu) const { return config.device.cuda && config.device.index == gpu; }
};

/// A task in its worker.
struct Attempt {
    Task task{};
    WorkerId worker = 0;
    std::uint32_t number = 0;  ///< in the worker's life
    SweepTime begun{};
    SweepTime start{};                    ///< of its first batch in this session
    double share = 0.0;                   ///< seconds of its worker's time that were its own
    double earlier_seconds = 0.0;         ///< of the sessions before
    double done_before = 0.0;             ///< work that this session began with
    std::optional<Progress> reached{};    ///< in this session
    std::optional<EpochMetrics> final{};  ///< of the last epoch
    std::optional<WorkerMessage> last_word{};
    bool is_announced = false;  ///< its start
    bool has_computed = false;  ///< a batch
    bool is_asked_to_pause = false;

    /// Takes note of what its worker says of it.
    void hear(const WorkerMessage& message, SweepTime now);
    bool is_over() const { return last_word && ends_run(*last_word); }
    /// Null unless its worker says that it failed.
    const message::Failed* failure() const { return last_word ? std::get_if<message::Failed>(&*last_word) : nullptr; }
    /// Work that it did in this session.
    double work_done_here() const;
    /// Seconds that are left, by its own throughput once there is some, else by `expected`.
    double seconds_left(const RunQueue& queue, SweepTime now) const;
};

/// For judging. `ended`: the worker, if it has.
AttemptEnd end_of(const Attempt& attempt, const Worker& worker, const WorkerEnded& ended);

class UnderWay {
public:
    bool has_runs() const { return !attempts_.empty(); }
    bool has_workers() const { return !workers_.empty(); }
    const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }
    const std::vector<std::unique_ptr<Attempt>>& attempts() const { return attempts_; }

    Worker& add(Worker worker);
    Attempt& add(Attempt attempt);
    /// Null for one that is not under way.
    Worker* find(WorkerId id);
    Attempt* find(WorkerId id, std::uint32_t number);

    /// No more of the worker; its attempts are to be taken.
    std::unique_ptr<Worker> take(WorkerId id);
    /// The worker's attempts, those that are over or all, which are under way no more.
    std::vector<std::unique_ptr<Attempt>> take_attempts(WorkerId id, bool all);

    int runs_of(WorkerId id) const;
    /// That are not over.
    int runs_on_gpu(int index) const;
    int processes_on_gpu(int index) const;

    /// Counts the time since it was last called for the worker's runs, of which each has its share. Null, or one that
    /// is beyond its limit (trainer.timeout).
    const Attempt* share_out_time(Worker& worker, SweepTime now);

    /// A plugin that nobody has tried may be tried in a worker that has computed for so short a time: if it ends the
    /// process, that costs less than a process for each trial. Until once a worker `died_young`.
    bool has_little_to_lose(const Worker& worker, SweepTime now) const;
    void note_young_death() { one_died_young_ = true; }

    /// For placing.
    std::vector<WorkerState> states(SweepTime now) const;

private:
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::unique_ptr<Attempt>> attempts_;
    bool one_died_young_ = false;
};

}  // namespace labhost
