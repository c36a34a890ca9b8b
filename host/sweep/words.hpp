// The words of a sweep: what it says to people about what it decides.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sweep/gpus.hpp"
#include "sweep/run_queue.hpp"
#include "sweep/under_way.hpp"

namespace labhost::words {

std::string not_captured(const Plugin& plugin, const std::string& why);
std::string waits_for_claim(const PlannedRun& run);
std::string is_duplicate(const PlannedRun& run, const std::filesystem::path& of);
std::string finished_elsewhere(const PlannedRun& run);
std::string has_own_process(const PlannedRun& tried, const std::string& why);
std::string gpu_benched(const Device& device, const std::string& name, const GpuFault& fault);
std::string gpu_crowded(const Device& device, int runs, int from_now_on, const GpuFault& fault);
/// The reason for which the run fails.
std::string too_large_for_gpu(const PlannedRun& run, const Device& device, const GpuFault& fault);
std::string over_its_time(const PlannedRun& run, double limit);
/// Those of a process that died whose last word it had not said.
std::string process_died(std::span<const std::unique_ptr<Attempt>> attempts, const ChildEnd& end, bool young);
std::string failed_colocated(const PlannedRun& run, const std::string& reason);
std::string tried_again(const PlannedRun& run, const std::string& reason, int attempt, int retries);
std::string broken_machine(std::span<const Suspect> suspects);
/// Of runs, by their ids, whose GPUs take no more; without a GPU left, or with another one.
std::string stranded(std::span<const std::string> ids, const Gpus& gpus);

constexpr const char* fail_fast = "stopping at the first failure (--fail-fast); the other runs keep their checkpoints";

}  // namespace labhost::words
