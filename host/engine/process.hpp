// The process that trains, or that computes on a GPU: what of LibTorch is set for all of it.
#pragma once

#include <torch/types.h>

#include "config/experiment.hpp"

namespace labhost {

/// [worker | child] Readies this process for work on `gpu`, before its first there: as many hardware queues as there
/// may be streams (CUDA_DEVICE_MAX_CONNECTIONS, unless it is set), and CUDA's, cuBLAS's and cuDNN's start, of half a
/// second, which else were the first run's. Once it has CUDA, nothing more is done. Throws c10::Error.
void prepare_gpu_process(torch::Device gpu);

/// [worker | child] The same for runs with these settings on `device`, a GPU or the CPU: threads, determinism, TF32.
void prepare_process(const TrainerSettings& settings, torch::Device device);

}  // namespace labhost
