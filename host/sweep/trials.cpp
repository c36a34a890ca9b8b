#include "sweep/trials.hpp"

#include <algorithm>
#include <utility>

namespace labhost {

void Trials::begin(const WantedTrial& wanted, int most_at_once) {
    const auto is_tried = [&](const auto& trial) {
        return trial.second.run->plugin->sha256 == wanted.run->plugin->sha256;
    };
    if (std::cmp_greater_equal(trials_.size(), most_at_once) || std::ranges::any_of(trials_, is_tried)) return;
    const WorkerId worker = workers_.start_trial(*wanted.run, wanted.device);
    trials_.emplace(worker, Trial{.run = wanted.run, .device = wanted.device});
}

std::vector<Device> Trials::devices() const {
    std::vector<Device> devices;
    for (const auto& [worker, trial] : trials_) devices.push_back(trial.device);
    return devices;
}

bool Trials::hear(WorkerId worker, const WorkerMessage& message) {
    const auto trial = trials_.find(worker);
    if (trial == trials_.end()) return false;
    trial->second.said = message;
    return true;
}

std::optional<Trials::Ended> Trials::take(WorkerId worker, const ChildEnd& end) {
    const auto found = trials_.find(worker);
    if (found == trials_.end()) return std::nullopt;
    const Trial trial = std::move(found->second);
    trials_.erase(found);
    return Ended{.run = trial.run, .device = trial.device, .said = trial.said, .end = end};
}

void Trials::discard_all() {
    for (const auto& [worker, trial] : trials_) workers_.discard(worker);
    trials_.clear();
}

}  // namespace labhost
