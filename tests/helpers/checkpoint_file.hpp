// A checkpoint's file written by its description, beside the code that is tested: for files of other formats.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "engine/pickle.hpp"
#include "support/hash.hpp"

namespace labhost::testing {

inline torch::Tensor text_as_tensor(const std::string& text) {
    return torch::tensor(std::vector<std::uint8_t>(text.begin(), text.end()), torch::kUInt8);
}

/// All but the last two, "fingerprint" and "digest": the SHA-256 of name, type, shape and bytes of each.
inline std::string checkpoint_file(NamedTensors tensors, const std::string& fingerprint) {
    tensors.emplace_back("fingerprint", text_as_tensor(fingerprint));
    Sha256 digest;
    for (const auto& [name, tensor] : tensors) {
        const torch::Tensor bytes = tensor.contiguous();
        digest.update(fmt::format("{}:{}", name, static_cast<int>(tensor.scalar_type())));
        for (const std::int64_t size : tensor.sizes()) digest.update(fmt::format(":{}", size));
        digest.update({static_cast<const char*>(bytes.data_ptr()), bytes.nbytes()});
    }
    tensors.emplace_back("digest", text_as_tensor(digest.finish()));
    return pickle_state_dict(tensors);
}

}  // namespace labhost::testing
