// Returns nine columns where it declares ten.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 9));

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "wrong_shape", .input = {1, 28, 28}, .classes = 10);
