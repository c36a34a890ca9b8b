// torch.optim.Adagrad
#include "engine/optimizers/rules.hpp"
#include "kernels/optimizers.hpp"

namespace labhost {

namespace {

class Adagrad final : public OptimizerRule {
public:
    explicit Adagrad(const Arguments& of)
        : OptimizerRule({.lr = of.number("lr"), .momentum = 0.0}),
          lr_decay_(of.number("lr_decay")),
          weight_decay_(of.number("weight_decay")),
          initial_(of.number("initial_accumulator_value")),
          eps_(of.number("eps")) {}

    void step(OptimizedParameter& parameter, torch::Tensor gradient) override {
        torch::Tensor& sum = sum_of(parameter);
        parameter.step += 1.0F;
        gradient = with_weight_decay(gradient, parameter.tensor, weight_decay_);
        sum.addcmul_(gradient, gradient, 1.0);
        parameter.tensor.addcdiv_(gradient, sum.sqrt().add_(eps_), -lr_at(parameter.step));
    }

protected:
    void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) override {
        const kernels::AdagradState state{data(sum_of(parameter))};
        parameter.step += 1.0F;
        kernels::optimizer_kernels().adagrad(parameter.tensor.numel(),
                                             {.step_size = as_float(lr_at(parameter.step)),
                                              .eps = as_float(eps_),
                                              .weight_decay = as_float(weight_decay_)},
                                             gradient, state, data(parameter.tensor));
    }

private:
    torch::Tensor& sum_of(OptimizedParameter& parameter) const {
        return parameter.buffer(
            "sum", [&] { return torch::full_like(parameter.tensor, initial_, torch::MemoryFormat::Preserve); });
    }
    double lr_at(double step) const { return rates.lr / (1.0 + (step - 1.0) * lr_decay_); }

    double lr_decay_;
    double weight_decay_;
    double initial_;
    double eps_;
};

}  // namespace

std::unique_ptr<OptimizerRule> make_adagrad(const Arguments& arguments) { return std::make_unique<Adagrad>(arguments); }

}  // namespace labhost
