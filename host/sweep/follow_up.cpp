#include "sweep/follow_up.hpp"

#include <chrono>
#include <utility>
#include <variant>

#include "sweep/schedule.hpp"
#include "sweep/words.hpp"

namespace labhost {

void FollowUp::act(const Outcome& outcome, Ended ended) {
    std::visit([&](const auto& kind) { on(kind, ended); }, outcome);
}

void FollowUp::on(const outcome::Succeeded& succeeded, Ended& ended) {
    ended.task.run->result = Result{
        .finished = true, .final = succeeded.final, .kept_epoch = succeeded.kept_epoch, .seconds = succeeded.seconds};
    sweep_.queue.drop(ended.task);
    record(*ended.task.run, "");
}

void FollowUp::on(const outcome::Failed& failed, Ended& ended) {
    record_suspects();
    ended.task.run->result = failure_of(ended, failed.reason);
    sweep_.queue.drop(ended.task);
    record(*ended.task.run, ended.worker.end.output);
}

void FollowUp::on(const outcome::Suspected& suspected, Ended& ended) {
    if (!sweep_.queue.is_like_suspects(ended.worker.end)) record_suspects();
    sweep_.queue.drop(ended.task);
    sweep_.queue.suspect({ended.task, failure_of(ended, suspected.reason), ended.worker.end});
}

void FollowUp::on(const outcome::Preempted& /*preempted*/, Ended& ended) {
    Task& task = ended.task;
    PlannedRun& run = *task.run;
    if (ended.attempt.reached) task.done = work_done(run, *ended.attempt.reached);
    --task.attempts;
    task.from_scratch = false;
    task.claimed = false;
    Records::leave_open(run);
    sweep_.observer.run_paused(run);
    sweep_.records.release(run);
    sweep_.queue.put_back(std::move(task));
}

void FollowUp::on(const outcome::Retry& retry, Ended& ended) {
    sweep_.observer.message(
        nullptr, words::tried_again(*ended.task.run, retry.reason, ended.task.attempts, sweep_.options.retries));
    try_again(std::move(ended.task));
}

void FollowUp::on(const outcome::RetryUnblamed& retry, Ended& ended) {
    if (const message::Failed* const failed = ended.attempt.failure())
        sweep_.observer.message(nullptr, words::failed_colocated(*ended.task.run, failed->reason));
    ended.task.isolated = retry.isolated;
    --ended.task.attempts;
    try_again(std::move(ended.task));
}

void FollowUp::on(const outcome::RetryElsewhere& /*retry*/, Ended& ended) {
    --ended.task.attempts;
    try_again(std::move(ended.task));
}

Result FollowUp::failure_of(const Ended& ended, const std::string& reason) const {
    const std::chrono::duration<double> here = sweep_.workers.now() - ended.attempt.begun;
    return {.reason = reason, .final = ended.attempt.final, .seconds = ended.attempt.earlier_seconds + here.count()};
}

/// In another worker. Its claim is kept: another process must not end it in between.
void FollowUp::try_again(Task task) {
    task.claimed = true;
    Records::leave_open(*task.run);
    sweep_.queue.put_back(std::move(task));
}

void FollowUp::record(PlannedRun& run, const std::string& output) {
    if (!sweep_.records.close(run, output)) return stop_("");
    if (run.result->finished) sweep_.queue.note_finished(run);
    sweep_.observer.run_ended(run, false);
    if (!run.result->finished && sweep_.options.fail_fast) stop_(words::fail_fast);
}

void FollowUp::record_suspects() {
    for (Suspect& suspect : sweep_.queue.take_suspects()) {
        suspect.task.run->result = std::move(suspect.result);
        record(*suspect.task.run, suspect.end.output);
    }
}

}  // namespace labhost
