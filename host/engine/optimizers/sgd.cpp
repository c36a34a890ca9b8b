// torch.optim.SGD
#include <algorithm>
#include <vector>

#include <ATen/ATen.h>

#include "engine/optimizers/rules.hpp"
#include "kernels/optimizers.hpp"

namespace labhost {

namespace {

class Sgd final : public OptimizerRule {
public:
    explicit Sgd(const Arguments& of)
        : OptimizerRule({.lr = of.number("lr"), .momentum = of.number("momentum")}),
          dampening_(of.number("dampening")),
          weight_decay_(of.number("weight_decay")),
          nesterov_(of.flag("nesterov")) {}

    void step(OptimizedParameter& parameter, torch::Tensor gradient) override {
        gradient = with_weight_decay(gradient, parameter.tensor, weight_decay_);
        if (rates.momentum != 0.0) {
            const bool first = !parameter.buffers.contains("momentum_buffer");
            torch::Tensor& buffer =
                parameter.buffer("momentum_buffer", [&] { return torch::clone(gradient).detach(); });
            if (!first) buffer.mul_(rates.momentum).add_(gradient, 1.0 - dampening_);
            gradient = nesterov_ ? gradient.add(buffer, rates.momentum) : buffer;
        }
        parameter.tensor.add_(gradient, -rates.lr);
    }

    /// On a GPU over lists, as Python does by default (foreach): a few kernels for all parameters. `fused`: one.
    void step_all(std::span<OptimizedParameter* const> parameters, std::span<const torch::Tensor> gradients,
                  bool fused) override {
        if (parameters.empty() || !parameters.front()->tensor.is_cuda())
            return OptimizerRule::step_all(parameters, gradients, fused);
        Lists begun;  // with a momentum of earlier steps, or without any
        Lists first;
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            OptimizedParameter& parameter = *parameters[i];
            Lists& lists = rates.momentum == 0.0 || parameter.buffers.contains("momentum_buffer") ? begun : first;
            lists.parameters.push_back(parameter.tensor);
            lists.gradients.push_back(gradients[i]);
            if (rates.momentum != 0.0) lists.buffers.push_back(parameter.zeros("momentum_buffer"));
        }
        step_lists(begun, fused, /*is_first=*/false);
        step_lists(first, fused, /*is_first=*/true);
    }

protected:
    void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) override {
        kernels::SgdState state;
        if (rates.momentum != 0.0) {
            state.first = !parameter.buffers.contains("momentum_buffer");
            state.momentum_buffer = data(parameter.zeros("momentum_buffer"));
        }
        kernels::optimizer_kernels().sgd(parameter.tensor.numel(),
                                         {.lr = as_float(rates.lr),
                                          .momentum = as_float(rates.momentum),
                                          .grad_factor = as_float(1.0 - dampening_),
                                          .weight_decay = as_float(weight_decay_),
                                          .nesterov = nesterov_},
                                         gradient, state, data(parameter.tensor));
    }

private:
    struct Lists {
        std::vector<torch::Tensor> parameters{};
        std::vector<torch::Tensor> gradients{};
        std::vector<torch::Tensor> buffers{};
    };

    void step_lists(Lists& of, [[maybe_unused]] bool fused, bool is_first) const {
        if (of.parameters.empty()) return;
#if LABHOST_TORCH_HAS_FUSED_OPTIMIZERS
        if (fused && fit_one_kernel(of.parameters, of.gradients) &&
            (of.buffers.empty() || fit_one_kernel(of.parameters, of.buffers))) {
            at::_fused_sgd_(of.parameters, of.gradients, of.buffers, weight_decay_, rates.momentum, rates.lr,
                            dampening_, nesterov_, /*maximize=*/false, is_first);
            return;
        }
#endif
        std::vector<torch::Tensor> steps = of.gradients;
        if (weight_decay_ != 0.0) steps = at::_foreach_add(steps, of.parameters, weight_decay_);
        if (!of.buffers.empty()) {
            if (!is_first) at::_foreach_mul_(of.buffers, rates.momentum);
            at::_foreach_add_(of.buffers, steps, is_first ? 1.0 : 1.0 - dampening_);
            steps = nesterov_ ? at::_foreach_add(steps, of.buffers, rates.momentum) : of.buffers;
        }
        at::_foreach_add_(of.parameters, steps, -rates.lr);
    }

    double dampening_;
    double weight_decay_;
    bool nesterov_;
};

}  // namespace

std::unique_ptr<OptimizerRule> make_sgd(const Arguments& arguments) { return std::make_unique<Sgd>(arguments); }

}  // namespace labhost
