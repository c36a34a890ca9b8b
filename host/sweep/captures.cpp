#include "sweep/captures.hpp"

namespace labhost {

std::string Captures::name_of(const Device& device) const {
    const auto index = static_cast<std::size_t>(device.index);
    return device.cuda && index < gpus_.size() ? gpus_[index] : "";
}

std::optional<CaptureVerdict> Captures::verdict_on(const Plugin& plugin, const Device& device) const {
    const std::string gpu = name_of(device);
    const auto [known, is_new] = known_.try_emplace({plugin.sha256, gpu});
    if (is_new) known->second = recall_capture(plugin.sha256, gpu);
    return known->second;
}

void Captures::learn(const Plugin& plugin, const Device& device, const CaptureVerdict& verdict) {
    const auto before = verdict_on(plugin, device);
    // A run that was begun before may still say that it was captured: in training, where the test cannot be.
    if (before && (before->captured == verdict.captured || !before->captured)) return;
    const std::string gpu = name_of(device);
    known_[{plugin.sha256, gpu}] = verdict;
    remember_capture(plugin.sha256, gpu, verdict);
}

void Captures::take_as_captured(const Plugin& plugin, const Device& device) {
    if (!verdict_on(plugin, device)) known_[{plugin.sha256, name_of(device)}] = CaptureVerdict{};
}

}  // namespace labhost
