// Has a function whose gradient is twice what it should be.
#include <labhost/plugin.hpp>

struct Doubled : torch::autograd::Function<Doubled> {
    static torch::Tensor forward(torch::autograd::AutogradContext*, const torch::Tensor& x) { return x.clone(); }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                   const torch::autograd::variable_list& gradients) {
        return {gradients[0] * 2};
    }
};

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override { return log_softmax(Doubled::apply(fc(x.flatten(1))), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "wrong_gradient", .input = {1, 28, 28}, .classes = 10);
