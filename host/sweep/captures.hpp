// What a sweep knows of plugins on GPUs: whether their steps can be captured as CUDA graphs.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugin/plugin.hpp"
#include "sweep/plan.hpp"
#include "train/capture_verdict.hpp"
#include "train/device.hpp"

namespace labhost {

class Captures {
public:
    /// `gpus`: their names, by index.
    explicit Captures(std::vector<std::string> gpus) : gpus_(std::move(gpus)) {}

    /// By the hash of the plugin's file, and its own loss: what this sweep has seen, else what an earlier command has.
    std::optional<CaptureVerdict> verdict_on(const PlannedRun& run, const Device& device) const;
    /// Seen of a run that trains, or that was tried.
    void learn(const PlannedRun& run, const Device& device, const CaptureVerdict& verdict);
    /// Nothing speaks against it, and nothing is proved: for this sweep.
    void take_as_captured(const PlannedRun& run, const Device& device);
    /// Its runs need processes of their own: one that was tried failed, or ended.
    void set_apart(const Plugin& plugin) { apart_.insert(plugin.sha256); }
    bool needs_own_process(const Plugin& plugin) const { return apart_.contains(plugin.sha256); }

private:
    using Key = std::pair<std::string, std::string>;  ///< captured_steps, the GPU's name

    std::string name_of(const Device& device) const;

    std::vector<std::string> gpus_;
    mutable std::map<Key, std::optional<CaptureVerdict>> known_;  ///< asked of the cache once
    std::set<std::string> apart_;
};

}  // namespace labhost
