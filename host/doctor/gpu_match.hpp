// Which GPU of nvidia-smi's list is which of LibTorch's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "doctor/nvidia_smi.hpp"
#include "train/device.hpp"

namespace labhost {

/// For each GPU that LibTorch can use, the one of nvidia-smi's list that it is; nothing where that cannot be told: CUDA
/// may count in another order, and CUDA_VISIBLE_DEVICES picks some.
std::vector<std::optional<std::size_t>> match_gpus(const std::vector<Gpu>& usable, const std::vector<ListedGpu>& listed,
                                                   const std::optional<std::string>& visible);

}  // namespace labhost
