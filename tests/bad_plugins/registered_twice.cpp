// Registers a layer under two names.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
    Linear again = register_module("again", fc);

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)) + again(x.flatten(1)), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "registered_twice", .input = {1, 28, 28}, .classes = 10);
