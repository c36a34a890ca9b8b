// torch.optim.ASGD. The average "ax" is kept, as there; nothing is tested with it.
#include <algorithm>
#include <cmath>

#include "engine/optimizers/rules.hpp"
#include "kernels/optimizers.hpp"

namespace labhost {

namespace {

class Asgd final : public OptimizerRule {
public:
    explicit Asgd(const Arguments& of)
        : OptimizerRule({.lr = of.number("lr"), .momentum = 0.0}),
          lambd_(of.number("lambd")),
          alpha_(of.number("alpha")),
          t0_(of.number("t0")),
          weight_decay_(of.number("weight_decay")) {}

    void step(OptimizedParameter& parameter, torch::Tensor gradient) override {
        torch::Tensor& ax = parameter.zeros("ax");
        float& eta = parameter.scalar("eta", as_float(rates.lr));
        float& mu = parameter.scalar("mu", 1.0F);
        parameter.step += 1.0F;
        gradient = with_weight_decay(gradient, parameter.tensor, weight_decay_);
        parameter.tensor.mul_(1.0 - lambd_ * eta);
        parameter.tensor.add_(gradient, -static_cast<double>(eta));
        if (mu != 1.0F)
            ax.add_(parameter.tensor.sub(ax).mul_(mu));
        else
            ax.copy_(parameter.tensor);
        set_next(parameter.step, eta, mu);
    }

protected:
    void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) override {
        const kernels::AsgdState state{data(parameter.zeros("ax"))};
        float& eta = parameter.scalar("eta", as_float(rates.lr));
        float& mu = parameter.scalar("mu", 1.0F);
        parameter.step += 1.0F;
        kernels::optimizer_kernels().asgd(parameter.tensor.numel(),
                                          {.eta = eta,
                                           .param_factor = as_float(1.0 - lambd_ * eta),
                                           .mu = mu,
                                           .weight_decay = as_float(weight_decay_)},
                                          gradient, state, data(parameter.tensor));
        set_next(parameter.step, eta, mu);
    }

private:
    void set_next(double step, float& eta, float& mu) const {
        eta = as_float(rates.lr / std::pow(1.0 + lambd_ * rates.lr * step, alpha_));
        mu = as_float(1.0 / std::max(1.0, step - t0_));
    }

    double lambd_;
    double alpha_;
    double t0_;
    double weight_decay_;
};

}  // namespace

std::unique_ptr<OptimizerRule> make_asgd(const Arguments& arguments) { return std::make_unique<Asgd>(arguments); }

}  // namespace labhost
