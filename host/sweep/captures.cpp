#include "sweep/captures.hpp"

#include <algorithm>
#include <chrono>

#include "sweep/worker.hpp"

namespace labhost {

namespace {

/// Longer than CUDA takes to start and a large model's first steps take. A run of which no more is known then has a
/// process of its own.
constexpr std::chrono::minutes patience{3};

std::string name_of_gpu(const Device& device) {
    const auto& gpus = survey_gpus().gpus;
    const auto index = static_cast<std::size_t>(device.index);
    return device.cuda && index < gpus.size() ? gpus[index].name : "";
}

}  // namespace

std::optional<CaptureVerdict> Captures::verdict_on(const Plugin& plugin, const Device& device) {
    const std::string gpu = name_of_gpu(device);
    const auto [known, is_new] = known_.try_emplace({plugin.sha256, gpu});
    if (is_new) known->second = recall_capture(plugin.sha256, gpu);
    return known->second;
}

bool Captures::learn(const Plugin& plugin, const Device& device, const CaptureVerdict& verdict) {
    const auto before = verdict_on(plugin, device);
    // A run that was begun before may still say that it was captured: in training, where the test cannot be.
    if (before && (before->captured == verdict.captured || !before->captured)) return false;
    const std::string gpu = name_of_gpu(device);
    known_[{plugin.sha256, gpu}] = verdict;
    remember_capture(plugin.sha256, gpu, verdict);
    return true;
}

void Captures::take_as_captured(const Plugin& plugin, const Device& device) {
    if (!verdict_on(plugin, device)) known_[{plugin.sha256, name_of_gpu(device)}] = CaptureVerdict{};
}

void Captures::try_first_steps(const PlannedRun& run, const Device& device, std::size_t most_at_once) {
    const auto is_tried = [&](const auto& probe) { return probe->run->plugin->sha256 == run.plugin->sha256; };
    if (probes_.size() >= most_at_once || std::ranges::any_of(probes_, is_tried)) return;
    auto it = std::make_unique<Probe>();
    it->run = &run;
    it->device = device;
    Probe& probe = *it;
    const ProbeListener listener{.judged = [&probe](const CaptureVerdict& verdict) { probe.verdict = verdict; },
                                 .gpu_fault = [&probe](const GpuFault& fault) { probe.fault = fault; },
                                 .failed = [&probe](std::string_view why) { probe.failure = why; }};
    // What it writes, its run will write again.
    probe.child = std::make_unique<Child>(
        std::function<void(const Outbox&)>(
            [&run, device](const Outbox& outbox) { labhost::probe(run, device, outbox); }),
        ChildOptions{.limit = patience, .own_group = true, .on_message = [listener](std::string_view text) {
                         hear_probe(text, listener);
                     }});
    probes_.push_back(std::move(it));
}

bool Captures::any_on(const Device& device) const {
    return std::ranges::any_of(probes_, [&](const auto& probe) { return probe->device.text() == device.text(); });
}

void Captures::add_children(std::vector<Child*>& children) const {
    for (const auto& probe : probes_) children.push_back(probe->child.get());
}

bool Captures::poll(const Listener& listener) {
    bool any = false;
    for (std::size_t i = 0; i < probes_.size();) {
        Probe& probe = *probes_[i];
        const std::optional<ChildEnd> end = probe.child->poll();
        if (!end) {
            ++i;
            continue;
        }
        any = true;
        const std::unique_ptr<Probe> ended = std::move(probes_[i]);
        probes_.erase(probes_.begin() + static_cast<std::ptrdiff_t>(i));
        const PlannedRun& run = *ended->run;
        if (ended->verdict) {
            learn(*run.plugin, ended->device, *ended->verdict);
            listener.judged(run, ended->device, *ended->verdict);
        } else if (ended->fault) {
            listener.gpu_fault(run, ended->device, *ended->fault);
        } else if (!ended->failure.empty() || end->how != ChildEnd::How::completed) {
            apart_.insert(run.plugin->sha256);
            listener.set_apart(run, ended->failure.empty() ? "its process " + end->text() : ended->failure);
        } else {
            take_as_captured(*run.plugin, ended->device);
        }
    }
    return any;
}

}  // namespace labhost
