// What a sweep knows of the GPUs: which take no more runs, and how many runs each has room for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "train/device.hpp"

namespace labhost {

/// A worker's look at its GPU's memory.
struct MeasuredMemory {
    GpuMemory before{};  ///< before its first run, with CUDA started
    GpuMemory now{};
    std::uint32_t runs = 1;   ///< that it has had at once, at most, with their training steps captured
    bool all_tested = false;  ///< training and test of so many have been seen
};

/// How many runs fit on a GPU together, within `cap`, 1 at least. `free` and `total`: its memory now;
/// `used_by_process_before`: of what is not free, that which the process's runs have already; `used_by_run`: what one
/// needs. Some is left for what a measurement misses.
int runs_that_fit(std::uint64_t free, std::uint64_t total, std::uint64_t used_by_process_before,
                  std::uint64_t used_by_run, int cap);

/// The same of a worker that has measured. What it took in all is shared out over its runs, so that what CUDA's
/// libraries take once makes the first estimate a careful one; a test has its own graph, and counts as much until all
/// have tested.
int runs_that_fit(const MeasuredMemory& measured, int cap);

/// How many may try together where `runs` had too little memory: half as many, 1 at least.
int half_of(int runs);

/// How many of `runs`, under way and waiting, a GPU of `gpus` may take while another one has not begun to take more
/// than its first.
int share_of_a_gpu(int runs, int gpus);

class Gpus {
public:
    explicit Gpus(std::size_t count) : gpus_(count) {}

    std::size_t count() const { return gpus_.size(); }
    /// It takes no more runs. False if that was known.
    bool bench(int index, const std::string& why);
    bool is_benched(int index) const { return !gpus_.at(static_cast<std::size_t>(index)).benched.empty(); }
    bool all_are_benched() const;
    /// "cuda:0: CUDA error: ...; cuda:1: ..."
    std::string why_benched() const;

    /// Memory ran out with so many runs there: from now on half as many at most.
    void ran_out_of_memory(int index, int runs);
    int most_runs(int index, int otherwise) const;

    /// A process of ours left it.
    void note_left(const Device& device, std::chrono::steady_clock::time_point now);
    bool was_left_lately(int index, std::chrono::steady_clock::time_point now) const;

    /// Those that a run can go to, the one with the fewest runs first. `runs`: of each GPU now. `named`: the only one
    /// it may go to.
    std::vector<int> to_try(const std::vector<int>& runs, const std::optional<int>& named) const;

private:
    struct Known {
        std::string benched{};  ///< why; "" if it is not
        std::optional<int> most_runs{};
        std::optional<std::chrono::steady_clock::time_point> left{};
    };
    std::vector<Known> gpus_;
};

}  // namespace labhost
