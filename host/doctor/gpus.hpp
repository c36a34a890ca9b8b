// GPUs: what LibTorch can use, what nvidia-smi lists, who uses them, and why `auto` would not take one that is here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/finding.hpp"
#include "doctor/nvidia_smi.hpp"
#include "train/device.hpp"

namespace labhost {

struct GpuSituation {
    GpuSurvey survey{};
    std::string survey_fault{};  ///< why LibTorch could not be asked; ""
    NvidiaSmi smi{};
    bool control_file = false;             ///< /dev/nvidiactl, by which programs reach the driver
    std::string torch{};                   ///< "1.13.0+cpu"
    std::optional<std::string> visible{};  ///< CUDA_VISIBLE_DEVICES
};

/// "GPU": what `auto` takes and why; then a line for each GPU that is known.
Findings judge_gpus(const GpuSituation& situation);

Findings look_at_gpus(bool torch_loads);

}  // namespace labhost
