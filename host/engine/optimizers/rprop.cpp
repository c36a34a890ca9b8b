// torch.optim.Rprop
#include "engine/optimizers/rules.hpp"
#include "kernels/optimizers.hpp"

namespace labhost {

namespace {

class Rprop final : public OptimizerRule {
public:
    explicit Rprop(const Arguments& of)
        : OptimizerRule({.lr = of.number("lr"), .momentum = 0.0}),
          eta_minus_(of.numbers("etas")[0]),
          eta_plus_(of.numbers("etas")[1]),
          least_step_(of.numbers("step_sizes")[0]),
          largest_step_(of.numbers("step_sizes")[1]) {}

    void step(OptimizedParameter& parameter, torch::Tensor gradient) override {
        torch::Tensor& prev = parameter.zeros("prev");
        torch::Tensor& step_size = step_size_of(parameter);
        parameter.step += 1.0F;
        const torch::Tensor sign = gradient.mul(prev).sign();
        const torch::Tensor turned = sign.lt(0);
        torch::Tensor factor = sign.masked_fill(sign.gt(0), eta_plus_);
        factor.masked_fill_(turned, eta_minus_);
        factor.masked_fill_(sign.eq(0), 1.0);
        step_size.mul_(factor).clamp_(least_step_, largest_step_);
        gradient = gradient.masked_fill(factor.eq(eta_minus_), 0.0);
        parameter.tensor.addcmul_(gradient.sign(), step_size, -1.0);
        prev.copy_(gradient);
    }

protected:
    void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) override {
        const kernels::RpropState state{data(parameter.zeros("prev")), data(step_size_of(parameter))};
        parameter.step += 1.0F;
        kernels::optimizer_kernels().rprop(parameter.tensor.numel(),
                                           {.etaminus = as_float(eta_minus_),
                                            .etaplus = as_float(eta_plus_),
                                            .step_size_min = as_float(least_step_),
                                            .step_size_max = as_float(largest_step_)},
                                           gradient, state, data(parameter.tensor));
    }

private:
    torch::Tensor& step_size_of(OptimizedParameter& parameter) const {
        return parameter.buffer(
            "step_size", [&] { return torch::full_like(parameter.tensor, rates.lr, torch::MemoryFormat::Preserve); });
    }

    double eta_minus_;
    double eta_plus_;
    double least_step_;
    double largest_step_;
};

}  // namespace

std::unique_ptr<OptimizerRule> make_rprop(const Arguments& arguments) { return std::make_unique<Rprop>(arguments); }

}  // namespace labhost
