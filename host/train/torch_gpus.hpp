// The GPUs as LibTorch sees them, in this process.
#pragma once

#include "train/device.hpp"

namespace labhost {

/// Initialises CUDA, so only in a child process.
GpuSurvey gpus_of_torch();

}  // namespace labhost
