// The GPU that a run computes on, for its record and its checkpoints.
#pragma once

#include <string>

#include "support/json.hpp"
#include "train/device.hpp"

namespace labhost {

/// "gpu" (its name), "gpu_driver", "cudnn" and "cublas" (versions); an empty object for a CPU. No part of a
/// fingerprint: that is computed where a run is planned, which on a cluster may be a node without a GPU.
Json used_gpu(const GpuSurvey& survey, const Device& device);

/// Why a run does not resume from a checkpoint here, though it is this run's: "was made on ...". "" if it does. Both
/// texts are used_gpu's as JSON, or "" where there is none: a CPU's checkpoint, or one of before they were written.
/// Bits go with the kind of GPU and with cuDNN, which chooses its kernels by both; half a run on each would be nobody's
/// numbers.
std::string why_not_on_this_gpu(const std::string& then, const std::string& now);

}  // namespace labhost
