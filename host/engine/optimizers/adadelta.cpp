// torch.optim.Adadelta
#include "engine/optimizers/rules.hpp"
#include "kernels/optimizers.hpp"

namespace labhost {

namespace {

class Adadelta final : public OptimizerRule {
public:
    explicit Adadelta(const Arguments& of)
        : OptimizerRule({.lr = of.number("lr"), .momentum = 0.0}),
          rho_(of.number("rho")),
          eps_(of.number("eps")),
          weight_decay_(of.number("weight_decay")) {}

    void step(OptimizedParameter& parameter, torch::Tensor gradient) override {
        torch::Tensor& square_avg = parameter.zeros("square_avg");
        torch::Tensor& acc_delta = parameter.zeros("acc_delta");
        parameter.step += 1.0F;
        gradient = with_weight_decay(gradient, parameter.tensor, weight_decay_);
        move_square_average(square_avg, gradient, rho_);
        const torch::Tensor deviation = square_avg.add(eps_).sqrt_();
        const torch::Tensor delta = acc_delta.add(eps_).sqrt_().div_(deviation).mul_(gradient);
        move_square_average(acc_delta, delta, rho_);
        parameter.tensor.add_(delta, -rates.lr);
    }

protected:
    void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) override {
        const kernels::AdadeltaState state{data(parameter.zeros("square_avg")), data(parameter.zeros("acc_delta"))};
        parameter.step += 1.0F;
        kernels::optimizer_kernels().adadelta(parameter.tensor.numel(),
                                              {.lr = as_float(rates.lr),
                                               .rho = kernels::Decay(rho_),
                                               .eps = as_float(eps_),
                                               .weight_decay = as_float(weight_decay_)},
                                              gradient, state, data(parameter.tensor));
    }

private:
    double rho_;
    double eps_;
    double weight_decay_;
};

}  // namespace

std::unique_ptr<OptimizerRule> make_adadelta(const Arguments& arguments) {
    return std::make_unique<Adadelta>(arguments);
}

}  // namespace labhost
