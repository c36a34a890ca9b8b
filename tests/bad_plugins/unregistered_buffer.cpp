// Keeps a random tensor out of its state_dict.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
    Tensor mask = torch::rand({784});

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1) * mask), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "unregistered_buffer", .input = {1, 28, 28}, .classes = 10);
