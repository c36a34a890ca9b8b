// torch.optim.Adamax
#include <cmath>

#include "engine/optimizers/rules.hpp"
#include "kernels/optimizers.hpp"

namespace labhost {

namespace {

class Adamax final : public OptimizerRule {
public:
    explicit Adamax(const Arguments& of)
        : OptimizerRule({.lr = of.number("lr"), .momentum = of.numbers("betas")[0]}),
          beta2_(of.numbers("betas")[1]),
          eps_(of.number("eps")),
          weight_decay_(of.number("weight_decay")) {}

    void step(OptimizedParameter& parameter, torch::Tensor gradient) override {
        torch::Tensor& exp_avg = parameter.zeros("exp_avg");
        torch::Tensor& exp_inf = parameter.zeros("exp_inf");
        parameter.step += 1.0F;
        gradient = with_weight_decay(gradient, parameter.tensor, weight_decay_);
        move_average(exp_avg, gradient, rates.momentum);
        exp_inf.mul_(beta2_);
        torch::maximum_out(exp_inf, exp_inf, gradient.abs().add_(eps_));
        const double bias_correction = 1.0 - std::pow(rates.momentum, static_cast<double>(parameter.step));
        parameter.tensor.addcdiv_(exp_avg, exp_inf, -(rates.lr / bias_correction));
    }

protected:
    void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) override {
        const kernels::AdamaxState state{data(parameter.zeros("exp_avg")), data(parameter.zeros("exp_inf"))};
        parameter.step += 1.0F;
        kernels::optimizer_kernels().adamax(
            parameter.tensor.numel(),
            {.step_size = as_float(rates.lr / (1.0 - std::pow(rates.momentum, static_cast<double>(parameter.step)))),
             .beta1 = kernels::Decay(rates.momentum),
             .beta2 = as_float(beta2_),
             .eps = as_float(eps_),
             .weight_decay = as_float(weight_decay_)},
            gradient, state, data(parameter.tensor));
    }

private:
    double beta2_;
    double eps_;
    double weight_decay_;
};

}  // namespace

std::unique_ptr<OptimizerRule> make_adamax(const Arguments& arguments) { return std::make_unique<Adamax>(arguments); }

}  // namespace labhost
