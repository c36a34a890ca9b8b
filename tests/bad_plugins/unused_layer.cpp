// Registers a layer that forward does not use.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
    Linear unused = register_module("unused", Linear(784, 10));

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "unused_layer", .input = {1, 28, 28}, .classes = 10);
