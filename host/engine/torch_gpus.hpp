// The GPUs as LibTorch sees them, in this process.
#pragma once

#include <optional>
#include <string>

#include <c10/util/Exception.h>

#include "train/device.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// Initialises CUDA, so only in a child process.
GpuSurvey gpus_of_torch();

/// The memory of this GPU now. Initialises CUDA, and the GPU for this process. Throws GpuFault; c10::Error without
/// CUDA.
GpuMemory memory_of_gpu(int index);

/// The fault of a GPU that LibTorch speaks of, if it does; `words`: what is to be said of it.
std::optional<GpuFault> gpu_fault_of(const c10::Error& error, const std::string& words);

}  // namespace labhost
