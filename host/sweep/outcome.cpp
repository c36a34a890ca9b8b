#include "sweep/outcome.hpp"

#include <fmt/format.h>

#include "support/text.hpp"
#include "train/gpu_fault.hpp"

namespace labhost {

namespace {

std::string place_of(const std::optional<Progress>& reached) {
    if (!reached || reached->examples == 0) return "before its first batch";
    return fmt::format("in epoch {}, after {} batch {} of {}", reached->epoch, to_text(reached->pass), reached->batch,
                       reached->batches);
}

/// Of one whose process ended without a word of it.
std::string reason_of(const AttemptEnd& end) {
    ChildEnd bare = end.process;
    bare.output.clear();  // that goes into the log
    std::string reason =
        fmt::format("plugin '{}' {}{} {}", end.run->plugin->id(), bare.text(),
                    bare.how == ChildEnd::How::timed_out ? " (trainer.timeout)" : "", place_of(end.reached));
    if (bare.how == ChildEnd::How::signalled && end.memory > end.memory_limit / 10 * 8)
        reason += fmt::format(", when it held {} of the {} that {} allows", size_text(end.memory),
                              size_text(end.memory_limit), end.memory_limit_name);
    if (!end.process.output.empty()) reason += fmt::format("; it wrote: {}", one_line(end.process.output));
    return reason;
}

bool died(const ChildEnd& end) { return end.how == ChildEnd::How::signalled || end.how == ChildEnd::How::exited; }

/// Whether all runs of the worker go on as they are, though it ended.
bool goes_on_elsewhere(const WorkerFault& fault) {
    if (std::holds_alternative<WorkerFault::StepNotCaptured>(fault.what)) return true;
    const auto* const of_gpu = std::get_if<WorkerFault::OfGpu>(&fault.what);
    return of_gpu != nullptr && of_gpu->verdict != GpuVerdict::too_large && of_gpu->verdict != GpuVerdict::run;
}

/// Whether it is nobody's but this run's.
bool is_its_own(const WorkerFault& fault) {
    const auto* const of_gpu = std::get_if<WorkerFault::OfGpu>(&fault.what);
    return of_gpu != nullptr && of_gpu->kind == GpuFault::Kind::out_of_memory;
}

}  // namespace

GpuVerdict judge_gpu_fault(const GpuFault& fault, const FaultSituation& there) {
    if (is_taken(fault) && !there.isolated && there.held_by_us) return GpuVerdict::taken;
    switch (blame_for(fault.kind(), fault.code(), fault.what(), there.has_computed)) {
        case Blame::gpu: return GpuVerdict::benched;
        case Blame::run: return GpuVerdict::run;
        case Blame::memory: break;
    }
    if (there.runs > 1) return GpuVerdict::crowded;
    return there.processes > 1 || there.had_other_runs ? GpuVerdict::beside : GpuVerdict::too_large;
}

bool may_die_young(const WorkerFault& fault, const Device& device, bool died) {
    if (!device.cuda) return false;
    const auto* const of_gpu = std::get_if<WorkerFault::OfGpu>(&fault.what);
    if (of_gpu == nullptr) return !fault.is_any() && died;
    return of_gpu->verdict == GpuVerdict::benched || of_gpu->verdict == GpuVerdict::too_large ||
           of_gpu->verdict == GpuVerdict::run;
}

Outcome outcome_of(const AttemptEnd& end, const RetryPolicy& policy) {
    const auto* const failed = end.last_word ? std::get_if<message::Failed>(&*end.last_word) : nullptr;
    if (const auto* finished = end.last_word ? std::get_if<message::Finished>(&*end.last_word) : nullptr)
        return outcome::Succeeded{
            .seconds = finished->seconds, .final = finished->final, .kept_epoch = finished->kept_epoch};
    const bool paused = end.last_word && std::holds_alternative<message::Paused>(*end.last_word);
    if (!paused && failed == nullptr && goes_on_elsewhere(end.fault) && !policy.stopping)
        return outcome::RetryElsewhere{};
    if (paused || (policy.stopping && (failed == nullptr || end.colocated))) return outcome::Preempted{};
    if (end.colocated && !is_its_own(end.fault))
        return outcome::RetryUnblamed{.isolated = failed != nullptr || !end.died_young};
    std::string reason = failed != nullptr ? failed->reason : reason_of(end);
    if (end.attempts <= policy.retries) return outcome::Retry{std::move(reason)};
    if (failed == nullptr && !end.has_computed && died(end.process)) return outcome::Suspected{std::move(reason)};
    return outcome::Failed{std::move(reason)};
}

}  // namespace labhost
