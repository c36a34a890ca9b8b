// What a sweep goes by beside its plan: what the command line asks for, and what the machine can do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweep/plan.hpp"

namespace labhost {

struct SweepOptions {
    /// Runs at once; nothing: as many as there are cores for their threads, or on GPUs per_gpu.
    std::optional<int> jobs{};
    std::optional<int> per_gpu{};  ///< runs at once on each GPU, at most; nothing: see `per_process`
    /// Up to so many runs share a worker process and take turns in it; as one ends, another takes its place. Nothing:
    /// on a CPU one; on a GPU, where their kernels then overlap, all that it has at once: twelve, or as many as its
    /// memory holds, measured once the first has captured its steps. Where LibTorch (before 2.4) cannot do that, one,
    /// and on a GPU its share of the cores at once, up to four.
    std::optional<int> per_process{};
    int retries = 0;         ///< of each run that fails
    bool fail_fast = false;  ///< the first failure ends the sweep
    bool force = false;      ///< every run from its beginning, whatever is there
    bool profile = false;    ///< each run that trains says where its time went
};

/// What the machine of a sweep can do.
struct Machine {
    int cores = 1;                    ///< that this process may use
    std::vector<std::string> gpus{};  ///< their names; of a plan without a run on one: none
    bool shares_gpus = false;         ///< several trainers of a process can train on one (Engine::gpu_can_be_shared)
    std::uint64_t memory = 0;         ///< bytes that a CPU run may have where no limit is set; 0: no limits at all
};

/// [supervisor] May load LibTorch, if a run of the plan is on a GPU.
Machine this_machine(const Plan& plan);

}  // namespace labhost
