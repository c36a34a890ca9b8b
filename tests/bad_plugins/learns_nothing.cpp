// Says the same of every image.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)) * 0, 1); }
};

LABHOST_PLUGIN(Fixture, .id = "learns_nothing", .input = {1, 28, 28}, .classes = 10);
