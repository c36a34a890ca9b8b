#include "train/optimizer.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <torch/torch.h>
#include <torch/version.h>

#include "kernels/sgd.hpp"

namespace labhost {

namespace {

/// The key of a parameter in an optimizer's state: its address, which LibTorch 1 writes as a text.
template <class State>
typename State::key_type key_of(const State&, const torch::Tensor& parameter) {
    void* const address = parameter.unsafeGetTensorImpl();
    if constexpr (std::is_same_v<typename State::key_type, std::string>) {
        return c10::guts::to_string(address);
    } else {
        return address;
    }
}

bool is_plain(const torch::Tensor& tensor) {
    return tensor.device().is_cpu() && tensor.scalar_type() == torch::kFloat32 && tensor.is_contiguous();
}

/// In LibTorch 1 zero_grad leaves zeros, with which a parameter that a step did not use still follows its momentum; in
/// LibTorch 2 it leaves nothing, and the parameter stays.
constexpr bool unused_follow_their_momentum = TORCH_VERSION_MAJOR < 2;

void step(torch::Tensor& parameter, torch::Tensor& momentum, const torch::Tensor& gradient,
          const torch::optim::SGDOptions& options) {
    if (is_plain(parameter) && is_plain(momentum) && (!gradient.defined() || is_plain(gradient))) {
        kernels::sgd_step(parameter.numel(), static_cast<float>(options.lr()), static_cast<float>(options.momentum()),
                          gradient.defined() ? gradient.data_ptr<float>() : nullptr, momentum.data_ptr<float>(),
                          parameter.data_ptr<float>());
        return;
    }
    momentum.mul_(options.momentum());
    if (gradient.defined()) momentum.add_(gradient);
    parameter.add_(momentum, -options.lr());
}

}  // namespace

torch::Tensor momentum_of(const torch::optim::Optimizer& sgd, const torch::Tensor& parameter) {
    const auto found = sgd.state().find(key_of(sgd.state(), parameter));
    if (found == sgd.state().end()) return {};
    return static_cast<const torch::optim::SGDParamState&>(*found->second).momentum_buffer();
}

void set_momentum(torch::optim::Optimizer& sgd, const torch::Tensor& parameter, torch::Tensor momentum) {
    auto state = std::make_unique<torch::optim::SGDParamState>();
    state->momentum_buffer(std::move(momentum));
    sgd.state()[key_of(sgd.state(), parameter)] = std::move(state);
}

void step_fused(torch::optim::SGD& sgd) {
    const torch::NoGradGuard no_grad;
    for (auto& group : sgd.param_groups()) {
        const auto& options = static_cast<const torch::optim::SGDOptions&>(group.options());
        for (torch::Tensor& parameter : group.params()) {
            const torch::Tensor gradient = parameter.grad();
            torch::Tensor momentum = momentum_of(sgd, parameter);
            if (gradient.defined() && !momentum.defined()) {
                if (options.momentum() == 0.0) {
                    parameter.add_(gradient, -options.lr());
                } else {
                    momentum = torch::zeros_like(parameter);
                    set_momentum(sgd, parameter, momentum);
                }
            }
            if (momentum.defined() && (gradient.defined() || unused_follow_their_momentum))
                step(parameter, momentum, gradient, options);
            parameter.mutable_grad() = torch::Tensor();
        }
    }
}

}  // namespace labhost
