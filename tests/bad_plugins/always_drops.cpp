// Drops units in evaluation too.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override { return log_softmax(fc(torch::dropout(x.flatten(1), 0.5, true)), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "always_drops", .input = {1, 28, 28}, .classes = 10);
