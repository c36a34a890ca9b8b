// torch.optim.RMSprop
#include "engine/optimizers/rules.hpp"
#include "kernels/optimizers.hpp"

namespace labhost {

namespace {

class Rmsprop final : public OptimizerRule {
public:
    explicit Rmsprop(const Arguments& of)
        : OptimizerRule({.lr = of.number("lr"), .momentum = of.number("momentum")}),
          alpha_(of.number("alpha")),
          eps_(of.number("eps")),
          weight_decay_(of.number("weight_decay")),
          centered_(of.flag("centered")) {}

    void step(OptimizedParameter& parameter, torch::Tensor gradient) override {
        torch::Tensor& square_avg = parameter.zeros("square_avg");
        parameter.step += 1.0F;
        gradient = with_weight_decay(gradient, parameter.tensor, weight_decay_);
        move_square_average(square_avg, gradient, alpha_);
        torch::Tensor deviation;
        if (centered_) {
            torch::Tensor& grad_avg = parameter.zeros("grad_avg");
            move_average(grad_avg, gradient, alpha_);
            deviation = square_avg.addcmul(grad_avg, grad_avg, -1.0).sqrt_();
        } else {
            deviation = square_avg.sqrt();
        }
        deviation.add_(eps_);
        if (rates.momentum > 0.0) {
            torch::Tensor& buffer = parameter.zeros("momentum_buffer");
            buffer.mul_(rates.momentum).addcdiv_(gradient, deviation);
            parameter.tensor.add_(buffer, -rates.lr);
        } else {
            parameter.tensor.addcdiv_(gradient, deviation, -rates.lr);
        }
    }

protected:
    void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) override {
        const kernels::RmspropState state{data(parameter.zeros("square_avg")),
                                          centered_ ? data(parameter.zeros("grad_avg")) : nullptr,
                                          rates.momentum > 0.0 ? data(parameter.zeros("momentum_buffer")) : nullptr};
        parameter.step += 1.0F;
        kernels::optimizer_kernels().rmsprop(parameter.tensor.numel(),
                                             {.lr = as_float(rates.lr),
                                              .alpha = kernels::Decay(alpha_),
                                              .eps = as_float(eps_),
                                              .momentum = as_float(rates.momentum),
                                              .weight_decay = as_float(weight_decay_)},
                                             gradient, state, data(parameter.tensor));
    }

private:
    double alpha_;
    double eps_;
    double weight_decay_;
    bool centered_;
};

}  // namespace

std::unique_ptr<OptimizerRule> make_rmsprop(const Arguments& arguments) { return std::make_unique<Rmsprop>(arguments); }

}  // namespace labhost
