// Takes batches of 64 and no others.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override { return log_softmax(fc(x.view({64, 784})), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "fixed_batch", .input = {1, 28, 28}, .classes = 10);
