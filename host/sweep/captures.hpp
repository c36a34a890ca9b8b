// What a sweep knows of plugins on GPUs: whether their steps can be captured as CUDA graphs, found out before a run of
// theirs is begun beside others, which it would end.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/child.hpp"
#include "sweep/plan.hpp"
#include "train/capture_verdict.hpp"
#include "train/trainer.hpp"

namespace labhost {

class Captures {
public:
    /// By the hash of the plugin's file: what this sweep has seen, else what an earlier command has.
    std::optional<CaptureVerdict> verdict_on(const Plugin& plugin, const Device& device);
    /// Seen of a run that trains. True if it is news.
    bool learn(const Plugin& plugin, const Device& device, const CaptureVerdict& verdict);
    /// Nothing speaks against it, and nothing is proved: for this sweep.
    void take_as_captured(const Plugin& plugin, const Device& device);
    /// Its runs need processes of their own: one that was tried failed, or ended.
    void set_apart(const Plugin& plugin) { apart_.insert(plugin.sha256); }
    bool needs_own_process(const Plugin& plugin) const { return apart_.contains(plugin.sha256); }

    /// Takes the run's first steps in a process of their own, unless the plugin is being tried or so many are already.
    /// What comes out is known after `look`.
    void try_first_steps(const PlannedRun& run, const Device& device, std::size_t most_at_once);
    bool any_under_way() const { return !probes_.empty(); }
    bool any_on(const Device& device) const;
    void add_children(std::vector<Child*>& children) const;

    struct Listener {
        std::function<void(const PlannedRun&, const Device&, const CaptureVerdict&)> judged{};
        std::function<void(const PlannedRun&, const Device&, const GpuFault&)> gpu_fault{};
        std::function<void(const PlannedRun&, const std::string& why)> set_apart{};
    };
    /// Hears the processes. True if one has ended.
    bool poll(const Listener& listener);
    void end_all() { probes_.clear(); }

private:
    struct Probe {
        const PlannedRun* run{};
        Device device{};
        std::unique_ptr<Child> child{};
        std::optional<CaptureVerdict> verdict{};
        std::optional<GpuFault> fault{};
        std::string failure{};
    };
    using Key = std::pair<std::string, std::string>;  ///< the plugin's hash, the GPU's name

    std::map<Key, std::optional<CaptureVerdict>> known_;
    std::set<std::string> apart_;
    std::vector<std::unique_ptr<Probe>> probes_;
};

}  // namespace labhost
