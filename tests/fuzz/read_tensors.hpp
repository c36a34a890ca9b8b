// Reads a state_dict, and every tensor in it: a view that leaves its storage shows here.
#pragma once

#include <filesystem>

#include <torch/torch.h>

#include "engine/pickle.hpp"
#include "support/error.hpp"

namespace labhost::testing {

inline void read_tensors(const std::filesystem::path& file) {
    try {
        for (const auto& [name, tensor] : unpickle_state_dict(file)) {
            constexpr std::int64_t most = 1 << 20;  // a view may repeat one element without end
            if (tensor.numel() <= most) tensor.clone(torch::MemoryFormat::Contiguous);
        }
    } catch (const Error&) {  // what a damaged file should give
    }
}

}  // namespace labhost::testing
