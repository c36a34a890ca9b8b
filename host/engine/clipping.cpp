#include "engine/clipping.hpp"

#include <cstdint>
#include <numeric>

#include <torch/torch.h>
#include <torch/version.h>

namespace labhost {

namespace {

#if TORCH_VERSION_MAJOR >= 2
torch::Tensor norm_of(const torch::Tensor& tensor) { return at::linalg_vector_norm(tensor, 2.0); }
std::vector<torch::Tensor> norms_of(const std::vector<torch::Tensor>& tensors) {
    return at::_foreach_norm(tensors, 2.0);
}
#else
/// What Python's torch.norm calls.
torch::Tensor norm_of(const torch::Tensor& tensor) {
    std::vector<std::int64_t> dimensions(static_cast<std::size_t>(tensor.dim()));
    std::iota(dimensions.begin(), dimensions.end(), 0);
    return at::norm(tensor, 2.0, dimensions, /*keepdim=*/false);
}
std::vector<torch::Tensor> norms_of(const std::vector<torch::Tensor>& tensors) {
    std::vector<torch::Tensor> norms;
    for (const torch::Tensor& tensor : tensors) norms.push_back(norm_of(tensor));
    return norms;
}
#endif

}  // namespace

void clip_grad_value(const std::vector<torch::Tensor>& gradients, double limit) {
    const torch::NoGradGuard no_grad;
    for (torch::Tensor gradient : gradients) gradient.clamp_(-limit, limit);
}

void clip_grad_norm(const std::vector<torch::Tensor>& gradients, double limit) {
    const torch::NoGradGuard no_grad;
    if (gradients.empty()) return;
    const torch::Tensor norm = norm_of(torch::stack(norms_of(gradients)));
    // Python divides a number by a tensor so.
    const torch::Tensor factor = norm.add(1e-6).reciprocal_().mul_(limit).clamp_max_(1.0);
    for (torch::Tensor gradient : gradients) gradient.mul_(factor);
}

}  // namespace labhost
