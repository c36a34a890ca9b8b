// Faults of GPUs, by the words and numbers that CUDA and LibTorch have for them: what they are, and whose.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "train/trainer.hpp"

namespace labhost {

/// The fault that these words tell of, whoever wrote them; nothing if they tell of none. Its own words are these.
std::optional<GpuFault> gpu_fault_in(std::string_view words);

/// The same where the number of the error is known, as LibTorch says it from 2.9 on.
GpuFault gpu_fault_of_code(int code, const std::string& words);

/// Whether memory of the GPU is what lacked. While a graph is captured cuDNN says so in words of its own.
bool is_out_of_gpu_memory(std::string_view words);

/// Whose fault it is.
enum class Blame {
    gpu,     ///< nothing that a run does causes it: the GPU takes no more runs
    run,     ///< some run of this process did it
    memory,  ///< too much for this GPU, at once or at all
};

/// `has_computed`: a run of the process has done a batch there. Before that, an error of the device is no run's doing.
Blame blame_for(GpuFault::Kind kind, int code, std::string_view words, bool has_computed);

/// Whether the device says that another process has it for itself, which where it is set so (nvidia-smi -c
/// EXCLUSIVE_PROCESS) may be one of ours.
bool is_taken(const GpuFault& fault);

}  // namespace labhost
