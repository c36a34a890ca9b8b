// Returns NaN.
#include <labhost/plugin.hpp>

#include <cmath>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)) * NAN, 1); }
};

LABHOST_PLUGIN(Fixture, .id = "nan_output", .input = {1, 28, 28}, .classes = 10);
