// The GPUs as LibTorch sees them, in this process.
#pragma once

#include "train/device.hpp"

namespace labhost {

/// All of a survey but the kernel driver's version. Initialises CUDA, so only in a child process.
GpuSurvey gpus_of_torch();

}  // namespace labhost
