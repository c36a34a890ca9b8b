// The runs that are to be trained and have no worker now: what may start, in which order, and whose numbers will be
// another's.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "support/child.hpp"
#include "sweep/plan.hpp"
#include "sweep/schedule.hpp"

namespace labhost {

/// A run that is to be trained.
struct Task {
    PlannedRun* run{};
    std::size_t index = 0;  ///< in the plan, from 1
    double done = 0.0;      ///< work in its checkpoint
    int attempts = 0;       ///< that count, the one under way included
    bool from_scratch = false;
    bool claimed = false;    ///< by us, while it waits to be tried again
    bool isolated = false;   ///< in a process of its own: something went wrong where it was colocated
    SweepTime not_before{};  ///< asked for then, since another process has it
};

/// A run that died before its first batch. That may be the machine's doing: it is not recorded before that is known.
struct Suspect {
    Task task{};
    Result result{};
    ChildEnd end{};
};

class RunQueue {
public:
    /// All runs of the plan that are not finished; with `from_scratch` all.
    RunQueue(Plan& plan, bool from_scratch);

    bool is_empty() const { return waiting_.empty(); }
    const std::vector<Task>& waiting() const { return waiting_; }
    /// Those that needed nothing.
    const std::vector<PlannedRun*>& finished_before() const { return finished_before_; }

    /// Of the tasks that may start now and have a place, the one with the most to do; of equals the first in the plan.
    /// Null if there is none. Valid until the next call that changes the queue.
    const Task* next(SweepTime now, const std::function<bool(const Task&)>& has_place) const;
    /// Another process has it. False if that was known.
    bool postpone(const Task& task, SweepTime until);
    /// It is under way now.
    Task take(const Task& task);
    /// It is to be tried again, or to go on later.
    void put_back(Task task);
    /// It is under way no more, and does not come back.
    void drop(const Task& task) { under_way_.erase(under_way_.find(task.run->fingerprint)); }
    /// Removes the waiting tasks for which `is_wanted`.
    std::vector<Task> remove(const std::function<bool(const Task&)>& is_wanted);

    /// Whether several runs of the plan have this fingerprint.
    bool has_duplicates(const PlannedRun& run) const { return duplicated_.contains(run.fingerprint); }
    /// The folder of a finished run that is the same; nothing if there is none.
    std::optional<std::filesystem::path> finished_duplicate(const PlannedRun& run) const;
    void note_finished(const PlannedRun& run) { finished_.insert_or_assign(run.fingerprint, run.folder); }

    /// Seconds that are left of it, as expected (Throughput::seconds).
    double left(const Task& task) const;
    /// What is left of the tasks that may start now and have no duplicates.
    std::vector<double> left_of_startable(SweepTime now) const;
    Throughput& throughput() { return throughput_; }
    const Throughput& throughput() const { return throughput_; }

    /// After so many deaths of one kind no more are risked, until a worker has shown that it can compute, but of runs
    /// of plugins that no one died of yet: if one computes, it is not the machine.
    bool in_doubt() const { return suspects_.size() >= deaths_of_a_broken_machine; }
    bool is_like_suspects(const ChildEnd& end) const;
    void suspect(Suspect suspect) { suspects_.push_back(std::move(suspect)); }
    const std::vector<Suspect>& suspects() const { return suspects_; }
    std::vector<Suspect> take_suspects() { return std::exchange(suspects_, {}); }

    static constexpr std::size_t deaths_of_a_broken_machine = 3;
    static constexpr std::size_t most_suspects = 8;

private:
    bool may_start(const Task& task, SweepTime now) const;
    bool waits_for_duplicate(const Task& task) const;

    std::vector<Task> waiting_;
    std::vector<PlannedRun*> finished_before_;
    std::unordered_multiset<std::string> under_way_;                   ///< fingerprints
    std::unordered_set<std::string> duplicated_;                       ///< fingerprints that several runs have
    std::unordered_map<std::string, std::filesystem::path> finished_;  ///< folders, by fingerprint
    std::vector<Suspect> suspects_;
    Throughput throughput_;
};

}  // namespace labhost
