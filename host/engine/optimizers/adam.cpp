// torch.optim.Adam and AdamW, which differ in how weights decay.
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "engine/optimizers/rules.hpp"
#include "kernels/optimizers.hpp"

namespace labhost {

namespace {

class Adam final : public OptimizerRule {
public:
    Adam(const Arguments& of, bool decoupled)
        : OptimizerRule({.lr = of.number("lr"), .momentum = of.numbers("betas")[0]}),
          beta2_(of.numbers("betas")[1]),
          eps_(of.number("eps")),
          weight_decay_(of.number("weight_decay")),
          amsgrad_(of.flag("amsgrad")),
          decoupled_(decoupled) {}

    void step(OptimizedParameter& parameter, torch::Tensor gradient) override {
        const double beta1 = rates.momentum;
        torch::Tensor& exp_avg = parameter.zeros("exp_avg");
        torch::Tensor& exp_avg_sq = parameter.zeros("exp_avg_sq");
        parameter.step += 1.0F;
        if (decoupled_ && weight_decay_ != 0.0)
            parameter.tensor.mul_(1.0 - rates.lr * weight_decay_);
        else
            gradient = with_weight_decay(gradient, parameter.tensor, weight_decay_);
        move_average(exp_avg, gradient, beta1);
        move_square_average(exp_avg_sq, gradient, beta2_);
        const double step = parameter.step;
        const double bias_correction1 = 1.0 - std::pow(beta1, step);
        const double bias_correction2 = 1.0 - std::pow(beta2_, step);
        torch::Tensor of = exp_avg_sq;
        if (amsgrad_) {
            torch::Tensor& largest = parameter.zeros("max_exp_avg_sq");
            torch::maximum_out(largest, largest, exp_avg_sq);
            of = largest;
        }
        const torch::Tensor denominator = of.sqrt().div_(python_sqrt(bias_correction2)).add_(eps_);
        parameter.tensor.addcdiv_(exp_avg, denominator, -(rates.lr / bias_correction1));
    }

    /// On a GPU fused: one kernel for all parameters that have made as many steps.
    void step_all(std::span<OptimizedParameter* const> parameters, std::span<const torch::Tensor> gradients,
                  bool fused) override {
        if (!fused || !step_in_one_kernel(parameters, gradients)) OptimizerRule::step_all(parameters, gradients, fused);
    }

protected:
    void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) override {
        const kernels::AdamState state{data(parameter.zeros("exp_avg")), data(parameter.zeros("exp_avg_sq")),
                                       amsgrad_ ? data(parameter.zeros("max_exp_avg_sq")) : nullptr};
        parameter.step += 1.0F;
        const double step = parameter.step;
        kernels::optimizer_kernels().adam(parameter.tensor.numel(),
                                          {.step_size = as_float(rates.lr / (1.0 - std::pow(rates.momentum, step))),
                                           .beta1 = kernels::Decay(rates.momentum),
                                           .beta2 = kernels::Decay(beta2_),
                                           .denom_factor = as_float(1.0 / std::sqrt(1.0 - std::pow(beta2_, step))),
                                           .eps = as_float(eps_),
                                           .weight_decay = as_float(decoupled_ ? 0.0 : weight_decay_),
                                           .param_factor = as_float(decoupled_ ? 1.0 - rates.lr * weight_decay_ : 1.0)},
                                          gradient, state, data(parameter.tensor));
    }

private:
    /// False, and nothing is done, where LibTorch has no such kernel for them.
    bool step_in_one_kernel([[maybe_unused]] std::span<OptimizedParameter* const> parameters,
                            [[maybe_unused]] std::span<const torch::Tensor> gradients) {
#if LABHOST_TORCH_HAS_FUSED_OPTIMIZERS
        std::vector<torch::Tensor> tensors;
        std::vector<torch::Tensor> exp_avgs;
        std::vector<torch::Tensor> exp_avg_sqs;
        std::vector<torch::Tensor> max_exp_avg_sqs;
        for (OptimizedParameter* parameter : parameters) {
            if (!parameter->tensor.is_cuda() || parameter->step != parameters.front()->step) return false;
            tensors.push_back(parameter->tensor);
            exp_avgs.push_back(parameter->zeros("exp_avg"));
            exp_avg_sqs.push_back(parameter->zeros("exp_avg_sq"));
            if (amsgrad_) max_exp_avg_sqs.push_back(parameter->zeros("max_exp_avg_sq"));
        }
        const std::vector<torch::Tensor> grads(gradients.begin(), gradients.end());
        if (tensors.empty() || !fit_one_kernel(tensors, grads) || !fit_one_kernel(tensors, exp_avgs)) return false;
        for (OptimizedParameter* parameter : parameters) parameter->step += 1.0F;
        const std::vector<torch::Tensor> counts(tensors.size(),
                                                torch::full({}, parameters.front()->step, tensors[0].options()));
        const auto step_with = [&](auto kernel) {
            kernel(tensors, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, counts, rates.lr, rates.momentum, beta2_,
                   weight_decay_, eps_, amsgrad_);
        };
        if (decoupled_)
            step_with([](auto&&... of) { at::_fused_adamw_(of..., /*maximize=*/false); });
        else
            step_with([](auto&&... of) { at::_fused_adam_(of..., /*maximize=*/false); });
        return true;
#else
        return false;
#endif
    }

    double beta2_;
    double eps_;
    double weight_decay_;
    bool amsgrad_;
    bool decoupled_;
};

}  // namespace

std::unique_ptr<OptimizerRule> make_adam(const Arguments& arguments) {
    return std::make_unique<Adam>(arguments, /*decoupled=*/false);
}

std::unique_ptr<OptimizerRule> make_adamw(const Arguments& arguments) {
    return std::make_unique<Adam>(arguments, /*decoupled=*/true);
}

}  // namespace labhost
