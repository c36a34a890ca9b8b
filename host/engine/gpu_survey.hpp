// The GPUs as LibTorch sees them, in this process.
#pragma once

#include "train/device.hpp"

namespace labhost {

/// [child] Initialises CUDA.
GpuSurvey survey_gpus_of_torch();

/// [worker | child] The memory of this GPU now. Initialises CUDA, and the GPU for this process. Throws GpuFault;
/// c10::Error without CUDA.
GpuMemory memory_of_gpu(int index);

}  // namespace labhost
