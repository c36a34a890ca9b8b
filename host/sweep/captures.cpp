#include "sweep/captures.hpp"

namespace labhost {

namespace {

std::string steps_of(const PlannedRun& run) { return captured_steps(run.plugin->sha256, run.settings.trainer.loss); }

}  // namespace

std::string Captures::name_of(const Device& device) const {
    const auto index = static_cast<std::size_t>(device.index);
    return device.cuda && index < gpus_.size() ? gpus_[index] : "";
}

std::optional<CaptureVerdict> Captures::verdict_on(const PlannedRun& run, const Device& device) const {
    const std::string gpu = name_of(device);
    const auto [known, is_new] = known_.try_emplace({steps_of(run), gpu});
    if (is_new) known->second = recall_capture(steps_of(run), gpu);
    return known->second;
}

void Captures::learn(const PlannedRun& run, const Device& device, const CaptureVerdict& verdict) {
    const auto before = verdict_on(run, device);
    // A run that was begun before may still say that it was captured: in training, where the test cannot be.
    if (before && (before->captured == verdict.captured || !before->captured)) return;
    const std::string gpu = name_of(device);
    known_[{steps_of(run), gpu}] = verdict;
    remember_capture(steps_of(run), gpu, verdict);
}

void Captures::take_as_captured(const PlannedRun& run, const Device& device) {
    if (!verdict_on(run, device)) known_[{steps_of(run), name_of(device)}] = CaptureVerdict{};
}

}  // namespace labhost
