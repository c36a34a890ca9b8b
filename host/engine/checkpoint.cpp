#include "engine/checkpoint.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <torch/torch.h>

#include "support/error.hpp"
#include "support/hash.hpp"

namespace labhost {

namespace {

torch::Tensor text_tensor(const std::string& text) {
    torch::Tensor tensor = torch::empty({static_cast<std::int64_t>(text.size())}, torch::kUInt8);
    std::memcpy(tensor.data_ptr(), text.data(), text.size());
    return tensor;
}

std::string text_of(const torch::Tensor& tensor) {
    return {static_cast<const char*>(tensor.data_ptr()), static_cast<std::size_t>(tensor.numel())};
}

std::string digest_of(const NamedTensors& tensors) {
    Sha256 hash;
    for (const auto& [name, tensor] : tensors) {
        const torch::Tensor bytes = tensor.contiguous();
        hash.update(fmt::format("{}:{}", name, static_cast<int>(tensor.scalar_type())));
        for (const std::int64_t size : tensor.sizes()) hash.update(fmt::format(":{}", size));
        hash.update({static_cast<const char*>(bytes.data_ptr()), bytes.nbytes()});
    }
    return hash.finish();
}

}  // namespace

std::string pack_checkpoint(NamedTensors tensors, const std::string& gpu, const std::string& fingerprint) {
    for (auto& [name, tensor] : tensors) tensor = tensor.detach().cpu().contiguous();
    if (!gpu.empty()) tensors.emplace_back("gpu", text_tensor(gpu));
    tensors.emplace_back("fingerprint", text_tensor(fingerprint));
    tensors.emplace_back("digest", text_tensor(digest_of(tensors)));
    return pickle_state_dict(tensors);
}

NamedTensors read_checkpoint(const std::filesystem::path& file, const std::string& fingerprint) {
    const auto fail = [&](const char* what) {
        throw Error(ExitCode::usage, fmt::format("{}: error: {}", file.native(), what));
    };
    NamedTensors tensors;
    try {
        tensors = unpickle_state_dict(file);
    } catch (const Error&) {  // its advice is for files of other origin
        fail("is damaged or cut off");
    }
    const bool complete =
        tensors.size() >= 2 && tensors.back().first == "digest" && tensors.end()[-2].first == "fingerprint";
    if (!complete) fail("this is no checkpoint");
    const std::string digest = text_of(tensors.back().second.contiguous());
    tensors.pop_back();
    if (digest != digest_of(tensors)) fail("is damaged: its digest is another one");
    if (text_of(tensors.back().second) != fingerprint) fail("is another run's checkpoint");
    tensors.pop_back();
    return tensors;
}

std::string gpu_of(const NamedTensors& tensors) {
    const auto found = std::ranges::find(tensors, "gpu", &NamedTensors::value_type::first);
    return found == tensors.end() || found->second.scalar_type() != torch::kUInt8 ? ""
                                                                                  : text_of(found->second.contiguous());
}

torch::Tensor tensor_of(const NamedTensors& tensors, const std::string& name, torch::ScalarType type,
                        std::int64_t count) {
    const auto found = std::ranges::find(tensors, name, &NamedTensors::value_type::first);
    if (found == tensors.end() || found->second.scalar_type() != type || (count >= 0 && found->second.numel() != count))
        throw Error(ExitCode::usage, fmt::format("the checkpoint lacks '{}', or has another form of it", name));
    return found->second;
}

}  // namespace labhost
