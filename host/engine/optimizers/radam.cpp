// torch.optim.RAdam
#include <cmath>
#include <optional>

#include "engine/optimizers/rules.hpp"
#include "kernels/optimizers.hpp"

namespace labhost {

namespace {

class Radam final : public OptimizerRule {
public:
    explicit Radam(const Arguments& of)
        : OptimizerRule({.lr = of.number("lr"), .momentum = of.numbers("betas")[0]}),
          beta2_(of.numbers("betas")[1]),
          eps_(of.number("eps")),
          weight_decay_(of.number("weight_decay")),
          decoupled_(of.flag("decoupled_weight_decay")) {}

    void step(OptimizedParameter& parameter, torch::Tensor gradient) override {
        torch::Tensor& exp_avg = parameter.zeros("exp_avg");
        torch::Tensor& exp_avg_sq = parameter.zeros("exp_avg_sq");
        parameter.step += 1.0F;
        const double step = parameter.step;
        if (decoupled_ && weight_decay_ != 0.0)
            parameter.tensor.mul_(1.0 - rates.lr * weight_decay_);
        else
            gradient = with_weight_decay(gradient, parameter.tensor, weight_decay_);
        move_average(exp_avg, gradient, rates.momentum);
        move_square_average(exp_avg_sq, gradient, beta2_);
        torch::Tensor update = exp_avg.div(1.0 - std::pow(rates.momentum, step)).mul_(rates.lr);
        if (const Rectification now = rectification_at(step); now.factor) {
            // Python divides a number by a tensor so.
            const torch::Tensor adaptive_lr = exp_avg_sq.sqrt().add_(eps_).reciprocal_().mul_(now.root_of_correction);
            update.mul_(adaptive_lr).mul_(*now.factor);
        }
        parameter.tensor.add_(update, -1.0);
    }

protected:
    void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) override {
        const kernels::MomentsState state{data(parameter.zeros("exp_avg")), data(parameter.zeros("exp_avg_sq"))};
        parameter.step += 1.0F;
        const Rectification now = rectification_at(parameter.step);
        double step_size = rates.lr / (1.0 - std::pow(rates.momentum, static_cast<double>(parameter.step)));
        if (now.factor) step_size *= *now.factor * now.root_of_correction;
        kernels::optimizer_kernels().radam(
            parameter.tensor.numel(),
            {.rectified = now.factor.has_value(),
             .step_size = as_float(step_size),
             .beta1 = kernels::Decay(rates.momentum),
             .beta2 = kernels::Decay(beta2_),
             .eps = as_float(eps_),
             .weight_decay = as_float(decoupled_ ? 0.0 : weight_decay_),
             .param_factor = as_float(decoupled_ ? 1.0 - rates.lr * weight_decay_ : 1.0)},
            gradient, state, data(parameter.tensor));
    }

private:
    struct Rectification {
        std::optional<double> factor{};  ///< of the step, once the variance can be told
        double root_of_correction = 1.0;
    };
    Rectification rectification_at(double step) const {
        const double bias_correction2 = 1.0 - std::pow(beta2_, step);
        // The length of the approximated simple moving average, at most and now.
        const double most = 2.0 / (1.0 - beta2_) - 1.0;
        const double now = most - 2.0 * step * std::pow(beta2_, step) / bias_correction2;
        if (now <= 5.0) return {};
        return {.factor = python_sqrt((now - 4.0) * (now - 2.0) * most / ((most - 4.0) * (most - 2.0) * now)),
                .root_of_correction = python_sqrt(bias_correction2)};
    }

    double beta2_;
    double eps_;
    double weight_decay_;
    bool decoupled_;
};

}  // namespace

std::unique_ptr<OptimizerRule> make_radam(const Arguments& arguments) { return std::make_unique<Radam>(arguments); }

}  // namespace labhost
