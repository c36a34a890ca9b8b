#include "engine/optimizer.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>
#include <torch/version.h>

#include "kernels/sgd.hpp"

namespace labhost {

namespace {

/// The key of a parameter in an optimizer's state: its address, which LibTorch 1 writes as a text.
auto key_of(const torch::Tensor& parameter) {
    void* const address = parameter.unsafeGetTensorImpl();
#if TORCH_VERSION_MAJOR < 2
    return c10::guts::to_string(address);
#else
    return address;
#endif
}

bool is_plain(const torch::Tensor& tensor) {
    return tensor.device().is_cpu() && tensor.scalar_type() == torch::kFloat32 && tensor.is_contiguous();
}

/// In LibTorch 1 zero_grad leaves zeros, with which a parameter that a step did not use still follows its momentum; in
/// LibTorch 2 it leaves nothing, and the parameter stays.
constexpr bool unused_follow_their_momentum = TORCH_VERSION_MAJOR < 2;

/// From 2.4 on LibTorch has SGD as one kernel over lists.
#define LABHOST_TORCH_HAS_FUSED_SGD (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4))

/// Parameters of one kind of step, for LibTorch's operators over lists: a kernel or two for all of them.
struct Lists {
    std::vector<torch::Tensor> parameters{};
    std::vector<torch::Tensor> momenta{};
    std::vector<torch::Tensor> gradients{};

    void step(const torch::optim::SGDOptions& options, [[maybe_unused]] bool fused) {
        if (parameters.empty()) return;
#if LABHOST_TORCH_HAS_FUSED_SGD
        if (fused && fit_one_kernel()) {
            at::_fused_sgd_(parameters, gradients, momenta, /*weight_decay=*/0.0,
                            momenta.empty() ? 0.0 : options.momentum(), options.lr(),
                            /*dampening=*/0.0, /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false);
            return;
        }
#endif
        if (!momenta.empty()) {
            at::_foreach_mul_(momenta, options.momentum());
            if (!gradients.empty()) at::_foreach_add_(momenta, gradients);
        }
        at::_foreach_add_(parameters, momenta.empty() ? gradients : momenta, -options.lr());
    }

private:
    /// What LibTorch's kernel demands, where the operators over lists go another way by themselves.
    bool fit_one_kernel() const {
        const auto alike = [&](const std::vector<torch::Tensor>& others) {
            return std::ranges::equal(
                parameters, others, [](const torch::Tensor& parameter, const torch::Tensor& other) {
                    return other.device() == parameter.device() && other.scalar_type() == parameter.scalar_type() &&
                           other.strides() == parameter.strides();
                });
        };
        return alike(gradients) && (momenta.empty() || alike(momenta)) &&
               std::ranges::all_of(parameters, [&](const torch::Tensor& parameter) {
                   return parameter.is_cuda() && parameter.device() == parameters[0].device() &&
                          parameter.scalar_type() == torch::kFloat32 && parameter.is_non_overlapping_and_dense();
               });
    }
};

/// One step of all parameters, whose gradients are dropped. `fused`: rounded as is quickest.
void step_lists(torch::optim::SGD& sgd, bool fused) {
    const torch::NoGradGuard no_grad;
    for (auto& group : sgd.param_groups()) {
        const auto& options = static_cast<const torch::optim::SGDOptions&>(group.options());
        Lists plain;     // without momentum
        Lists followed;  // with
        Lists unused;    // with, and without a gradient
        for (torch::Tensor& parameter : group.params()) {
            const torch::Tensor gradient = parameter.grad();
            parameter.mutable_grad() = torch::Tensor();
            torch::Tensor momentum = momentum_of(sgd, parameter);
            if (gradient.defined() && !momentum.defined() && options.momentum() != 0.0) {
                momentum = torch::zeros_like(parameter);
                set_momentum(sgd, parameter, momentum);
            }
            if (!gradient.defined() && !(momentum.defined() && unused_follow_their_momentum)) continue;
            if (fused && momentum.defined() && is_plain(parameter) && is_plain(momentum) &&
                (!gradient.defined() || is_plain(gradient))) {
                kernels::sgd_step(parameter.numel(), static_cast<float>(options.lr()),
                                  static_cast<float>(options.momentum()),
                                  gradient.defined() ? gradient.data_ptr<float>() : nullptr, momentum.data_ptr<float>(),
                                  parameter.data_ptr<float>());
                continue;
            }
            Lists& lists = !momentum.defined() ? plain : gradient.defined() ? followed : unused;
            lists.parameters.push_back(parameter);
            if (momentum.defined()) lists.momenta.push_back(momentum);
            if (gradient.defined()) lists.gradients.push_back(gradient);
        }
        plain.step(options, fused);
        followed.step(options, fused);
        unused.step(options, fused);
    }
}

}  // namespace

torch::Tensor momentum_of(const torch::optim::Optimizer& sgd, const torch::Tensor& parameter) {
    const auto found = sgd.state().find(key_of(parameter));
    if (found == sgd.state().end()) return {};
    return static_cast<const torch::optim::SGDParamState&>(*found->second).momentum_buffer();
}

void set_momentum(torch::optim::Optimizer& sgd, const torch::Tensor& parameter, torch::Tensor momentum) {
    auto state = std::make_unique<torch::optim::SGDParamState>();
    state->momentum_buffer(std::move(momentum));
    sgd.state()[key_of(parameter)] = std::move(state);
}

void step_fused(torch::optim::SGD& sgd) { step_lists(sgd, /*fused=*/true); }

void step_as_python_on_a_gpu(torch::optim::SGD& sgd) { step_lists(sgd, /*fused=*/false); }

Optimizer::Optimizer(std::vector<torch::Tensor> parameters, const OptimizerSettings& settings, StepKind kind)
    : sgd_(std::move(parameters), torch::optim::SGDOptions(settings.lr).momentum(settings.momentum)), kind_(kind) {}

void Optimizer::step() {
    switch (kind_) {
        case StepKind::of_libtorch: sgd_.step(); break;
        case StepKind::as_python_on_gpu: step_as_python_on_a_gpu(sgd_); break;
        case StepKind::fused: step_fused(sgd_); break;
    }
}

void Optimizer::save(StateWriter state) const {
    std::vector<std::int64_t> has_gradient;
    for (const torch::Tensor& parameter : sgd_.param_groups().at(0).params()) {
        const torch::Tensor momentum = momentum_of(sgd_, parameter);
        if (momentum.defined()) state.tensor(fmt::format("momentum.{}", has_gradient.size()), momentum);
        has_gradient.push_back(parameter.grad().defined() ? 1 : 0);
    }
    state.integers("has_gradient", has_gradient);
}

void Optimizer::load(const StateReader& state) {
    auto& parameters = sgd_.param_groups().at(0).params();
    const auto has_gradient = state.integers("has_gradient", static_cast<std::int64_t>(parameters.size()));
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        torch::Tensor& parameter = parameters[i];
        // Zero, as the next step makes it; whether it is there decides between adding to it and taking its place.
        if (has_gradient[i] != 0) parameter.mutable_grad() = torch::zeros_like(parameter);
        const std::string name = fmt::format("momentum.{}", i);
        if (!state.has(name)) continue;  // before its first step
        const torch::Tensor momentum = state.tensor(name, parameter.scalar_type(), parameter.sizes());
        set_momentum(sgd_, parameter, momentum.to(parameter.device()));
    }
}

}  // namespace labhost
