#include "sweep/gpu_watch.hpp"

#include <algorithm>
#include <string>
#include <variant>

#include "support/text.hpp"
#include "sweep/words.hpp"
#include "train/gpu_fault.hpp"

namespace labhost {

/// Whether processes of ours, but for so many, have the GPU, or had it a moment ago: where it takes one only, that one
/// is ours.
bool GpuWatch::may_be_held_by_us(int gpu, int but) const {
    const auto is_there = [&](const Device& device) { return device.index == gpu; };
    return sweep_.under_way.processes_on_gpu(gpu) > but || std::ranges::any_of(sweep_.trials.devices(), is_there) ||
           sweep_.gpus.was_left_lately(gpu, sweep_.workers.now());
}

void GpuWatch::faulted(Attempt& attempt, Worker& worker, const GpuFault& fault) {
    const Device& device = worker.config.device;
    const int runs = sweep_.under_way.runs_on_gpu(device.index);
    const GpuVerdict verdict = judge_gpu_fault(fault, {.has_computed = worker.computes_since.has_value(),
                                                       .isolated = attempt.task.isolated,
                                                       .held_by_us = may_be_held_by_us(device.index, 1),
                                                       .runs = runs,
                                                       .processes = sweep_.under_way.processes_on_gpu(device.index),
                                                       .had_other_runs = worker.told > 1});
    worker.is_closed = true;
    worker.fault = {WorkerFault::OfGpu{.kind = fault.kind(), .verdict = verdict}};
    switch (verdict) {
        case GpuVerdict::taken:
        case GpuVerdict::beside: attempt.task.isolated = true; break;
        case GpuVerdict::benched: bench(device, fault); break;
        case GpuVerdict::crowded:
            sweep_.gpus.ran_out_of_memory(device.index, runs);
            sweep_.observer.message(nullptr,
                                    words::gpu_crowded(device, runs, sweep_.gpus.most_runs(device.index, runs), fault));
            break;
        case GpuVerdict::too_large:
            attempt.last_word = message::Failed{words::too_large_for_gpu(*attempt.task.run, device, fault)};
            break;
        case GpuVerdict::run: attempt.last_word = message::Failed{fault.what()}; break;
    }
}

void GpuWatch::trial_ended(const Trials::Ended& trial) {
    const Plugin& plugin = *trial.run->plugin;
    const WorkerMessage* const said = trial.said ? &*trial.said : nullptr;
    if (const auto* not_captured = std::get_if<message::NotCaptured>(said)) {
        sweep_.captures.learn(*trial.run, trial.device, {.captured = false, .why = not_captured->why});
        dispatch_.say_not_captured(plugin, not_captured->why);
    } else if (const auto* faulted = std::get_if<message::GpuFaulted>(said)) {
        trial_faulted(trial, {faulted->kind, faulted->code, faulted->words});
    } else if (std::get_if<message::Captured>(said) != nullptr) {
        sweep_.captures.learn(*trial.run, trial.device, {});
    } else if (const auto* failed = std::get_if<message::Failed>(said);
               failed != nullptr || trial.end.how != ChildEnd::How::completed) {
        const std::string why = failed != nullptr ? failed->reason : "its process " + trial.end.text();
        sweep_.captures.set_apart(plugin);
        sweep_.observer.message(nullptr, words::has_own_process(*trial.run, why));
    } else {
        sweep_.captures.take_as_captured(*trial.run, trial.device);
    }
    sweep_.gpus.note_left(trial.device, sweep_.workers.now());  // only now: it does not hold the GPU against itself
}

void GpuWatch::trial_faulted(const Trials::Ended& trial, const GpuFault& fault) {
    const Plugin& plugin = *trial.run->plugin;
    const Blame blame = blame_for(fault.kind(), fault.code(), fault.what(), /*has_computed=*/false);
    const bool taken_by_us = is_taken(fault) && may_be_held_by_us(trial.device.index, 0);
    if (blame == Blame::gpu && !taken_by_us) bench(trial.device, fault);
    // Too little memory, or no entry, beside the others: it must be tried among them.
    if (blame == Blame::memory || taken_by_us) sweep_.captures.take_as_captured(*trial.run, trial.device);
    if (blame == Blame::run) sweep_.captures.set_apart(plugin);
}

void GpuWatch::bench(const Device& device, const GpuFault& fault) {
    if (!sweep_.gpus.bench(device.index, one_line(fault.what()))) return;
    const std::string& name = sweep_.machine.gpus.at(static_cast<std::size_t>(device.index));
    sweep_.observer.message(nullptr, words::gpu_benched(device, name, fault));
}

}  // namespace labhost
