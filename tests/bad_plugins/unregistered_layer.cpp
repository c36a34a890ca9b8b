// Trains a layer that it does not register.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
    Linear hidden{784, 784};

    Tensor forward(Tensor x) override { return log_softmax(fc(hidden(x.flatten(1))), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "unregistered_layer", .input = {1, 28, 28}, .classes = 10);
