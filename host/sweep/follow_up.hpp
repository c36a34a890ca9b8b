// What is done about how an attempt ended: recorded, put back into the queue, or kept in suspicion.
#pragma once

#include <functional>
#include <string>

#include "sweep/dispatch.hpp"
#include "sweep/outcome.hpp"

namespace labhost {

/// An attempt that is over.
struct Ended {
    const Attempt& attempt;
    Task task;  ///< as it may be tried again
    const WorkerEnded& worker;
};

/// [supervisor]
class FollowUp {
public:
    /// `stop`: ends the sweep early, saying why, unless that is "".
    FollowUp(SweepState& sweep, std::function<void(const std::string& why)> stop)
        : sweep_(sweep), stop_(std::move(stop)) {}

    void act(const Outcome& outcome, Ended ended);

    /// The machine computes, or the sweep is at its end: those that died did so by themselves.
    void record_suspects();

private:
    void on(const outcome::Succeeded& succeeded, Ended& ended);
    void on(const outcome::Failed& failed, Ended& ended);
    void on(const outcome::Suspected& suspected, Ended& ended);
    void on(const outcome::Preempted& preempted, Ended& ended);
    void on(const outcome::Retry& retry, Ended& ended);
    void on(const outcome::RetryUnblamed& retry, Ended& ended);
    void on(const outcome::RetryElsewhere& retry, Ended& ended);

    Result failure_of(const Ended& ended, const std::string& reason) const;
    void try_again(Task task);
    void record(PlannedRun& run, const std::string& output);

    SweepState& sweep_;
    std::function<void(const std::string&)> stop_;
};

}  // namespace labhost
