#include "engine/checkpoint.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "engine/checkpoint_v1.hpp"
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
    const torch::Tensor bytes = tensor.contiguous();
    return {static_cast<const char*>(bytes.data_ptr()), bytes.nbytes()};
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

/// Takes the tensor of that name out; undefined if there is none.
torch::Tensor take(NamedTensors& tensors, std::string_view name) {
    const auto found = std::ranges::find(tensors, name, &NamedTensors::value_type::first);
    if (found == tensors.end()) return {};
    torch::Tensor tensor = std::move(found->second);
    tensors.erase(found);
    return tensor;
}

std::string take_text(NamedTensors& tensors, std::string_view name) {
    const torch::Tensor tensor = take(tensors, name);
    return tensor.defined() ? text_of(tensor) : "";
}

}  // namespace

NamedTensors state_of(const std::vector<NamedPart>& parts) {
    NamedTensors state;
    for (const NamedPart& named : parts) named.part->save(StateWriter(state).under(named.name));
    return state;
}

std::string pack_checkpoint(const Checkpoint& checkpoint) {
    NamedTensors tensors = checkpoint.state;
    tensors.emplace_back("format", torch::tensor({checkpoint_format}, torch::kInt64));
    if (!checkpoint.gpu.empty()) tensors.emplace_back("gpu", text_tensor(checkpoint.gpu));
    tensors.emplace_back("fingerprint", text_tensor(checkpoint.fingerprint));
    tensors.emplace_back("digest", text_tensor(digest_of(tensors)));
    return pickle_state_dict(tensors);
}

Checkpoint read_checkpoint(const std::filesystem::path& file, const std::string& fingerprint) {
    const auto fail = [&](const std::string& what) {
        throw Error(ExitCode::usage, fmt::format("{}: error: {}", file.native(), what));
    };
    Checkpoint checkpoint;
    NamedTensors& tensors = checkpoint.state;
    try {
        tensors = unpickle_state_dict(file);
    } catch (const Error&) {  // its advice is for files of other origin
        fail("is damaged or cut off");
    }
    const bool complete =
        tensors.size() >= 2 && tensors.back().first == "digest" && tensors.end()[-2].first == "fingerprint";
    if (!complete) fail("this is no checkpoint");
    const std::string digest = take_text(tensors, "digest");
    if (digest != digest_of(tensors)) fail("is damaged: its digest is another one");
    checkpoint.fingerprint = take_text(tensors, "fingerprint");
    if (checkpoint.fingerprint != fingerprint) fail("is another run's checkpoint");
    checkpoint.gpu = take_text(tensors, "gpu");
    const StateReader reader(tensors, file.native());
    const std::int64_t format = reader.has("format") ? reader.integer("format") : 1;  // the first did not say
    take(tensors, "format");
    if (format == 1) {
        tensors = state_of_v1(tensors, file.native());
    } else if (format != checkpoint_format) {
        fail(
            fmt::format("a newer labhost made it (format {}, this one reads up to {}); resume the run with that one, "
                        "from this file",
                        format, checkpoint_format));
    }
    return checkpoint;
}

}  // namespace labhost
