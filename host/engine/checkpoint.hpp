// A checkpoint's file: named tensors, a fingerprint and a digest, in torch.save's format.
#pragma once

#include <filesystem>
#include <string>

#include "engine/pickle.hpp"

namespace labhost {

/// `tensors` as a file that torch.load reads too, with some more: "gpu" unless it is "", "fingerprint", and "digest",
/// the SHA-256 of names, shapes, types and bytes of all others (LibTorch's zip reader checks no CRC). Tensors are on
/// the CPU.
std::string pack_checkpoint(NamedTensors tensors, const std::string& gpu, const std::string& fingerprint);

/// The tensors of a checkpoint with this fingerprint. Throws Error (usage) naming the file and what is wrong with it.
NamedTensors read_checkpoint(const std::filesystem::path& file, const std::string& fingerprint);

/// What the checkpoint says of the GPU that it was made on; "" if nothing, as a CPU's does.
std::string gpu_of(const NamedTensors& tensors);

/// The tensor of that name; throws Error (usage) if there is none, or it has another type or number of elements
/// (-1: any).
torch::Tensor tensor_of(const NamedTensors& tensors, const std::string& name, torch::ScalarType type,
                        std::int64_t count = -1);

}  // namespace labhost
