// A process that computes on a GPU.
#pragma once

#include <torch/types.h>

namespace labhost {

/// Readies this process for runs on `gpu`, before its first work there: as many hardware queues as there may be streams
/// (CUDA_DEVICE_MAX_CONNECTIONS, unless it is set), and CUDA's, cuBLAS's and cuDNN's start, of half a second, which
/// else were the first run's. Once it has CUDA, nothing more is done. Throws c10::Error.
void prepare_gpu_process(torch::Device gpu);

}  // namespace labhost
