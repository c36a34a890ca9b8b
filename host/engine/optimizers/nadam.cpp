// torch.optim.NAdam
#include <cmath>

#include "engine/optimizers/rules.hpp"
#include "kernels/optimizers.hpp"

namespace labhost {

namespace {

class Nadam final : public OptimizerRule {
public:
    explicit Nadam(const Arguments& of)
        : OptimizerRule({.lr = of.number("lr"), .momentum = of.numbers("betas")[0]}),
          beta2_(of.numbers("betas")[1]),
          eps_(of.number("eps")),
          weight_decay_(of.number("weight_decay")),
          momentum_decay_(of.number("momentum_decay")),
          decoupled_(of.flag("decoupled_weight_decay")) {}

    void step(OptimizedParameter& parameter, torch::Tensor gradient) override {
        torch::Tensor& exp_avg = parameter.zeros("exp_avg");
        torch::Tensor& exp_avg_sq = parameter.zeros("exp_avg_sq");
        float& mu_product = parameter.scalar("mu_product", 1.0F);
        parameter.step += 1.0F;
        const double step = parameter.step;
        if (decoupled_ && weight_decay_ != 0.0)
            parameter.tensor.mul_(1.0 - rates.lr * weight_decay_);
        else
            gradient = with_weight_decay(gradient, parameter.tensor, weight_decay_);
        const double mu = mu_at(step);
        const double mu_next = mu_at(step + 1.0);
        mu_product *= static_cast<float>(mu);
        move_average(exp_avg, gradient, rates.momentum);
        move_square_average(exp_avg_sq, gradient, beta2_);
        const torch::Tensor denominator = exp_avg_sq.div(1.0 - std::pow(beta2_, step)).sqrt().add_(eps_);
        parameter.tensor.addcdiv_(gradient, denominator, -rates.lr * (1.0 - mu) / (1.0 - mu_product));
        parameter.tensor.addcdiv_(exp_avg, denominator,
                                  -rates.lr * mu_next / (1.0 - next_product(mu_product, mu, mu_next)));
    }

protected:
    void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) override {
        const kernels::MomentsState state{data(parameter.zeros("exp_avg")), data(parameter.zeros("exp_avg_sq"))};
        float& mu_product = parameter.scalar("mu_product", 1.0F);
        parameter.step += 1.0F;
        const double step = parameter.step;
        const double mu = mu_at(step);
        const double mu_next = mu_at(step + 1.0);
        mu_product *= as_float(mu);
        kernels::optimizer_kernels().nadam(
            parameter.tensor.numel(),
            {.grad_step_size = as_float(rates.lr * (1.0 - mu) / (1.0 - mu_product)),
             .exp_avg_step_size = as_float(rates.lr * mu_next / (1.0 - next_product(mu_product, mu, mu_next))),
             .beta1 = kernels::Decay(rates.momentum),
             .beta2 = kernels::Decay(beta2_),
             .exp_avg_sq_factor = as_float(1.0 / (1.0 - std::pow(beta2_, step))),
             .eps = as_float(eps_),
             .weight_decay = as_float(decoupled_ ? 0.0 : weight_decay_),
             .param_factor = as_float(decoupled_ ? 1.0 - rates.lr * weight_decay_ : 1.0)},
            gradient, state, data(parameter.tensor));
    }

private:
    double mu_at(double step) const { return rates.momentum * (1.0 - 0.5 * std::pow(0.96, step * momentum_decay_)); }

    /// Before 2.1 torch multiplied by mu once more, in float32.
    static double next_product(float product, double mu, double mu_next) {
        if constexpr (averages_by_lerp)
            return product * mu_next;
        else
            return product * static_cast<float>(mu) * static_cast<float>(mu_next);
    }

    double beta2_;
    double eps_;
    double weight_decay_;
    double momentum_decay_;
    bool decoupled_;
};

}  // namespace

std::unique_ptr<OptimizerRule> make_nadam(const Arguments& arguments) { return std::make_unique<Nadam>(arguments); }

}  // namespace labhost
