// Keeps a tensor on the CPU when the model moves to a GPU.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
    Tensor scale = torch::ones({10});

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)) * scale, 1); }
};

LABHOST_PLUGIN(Fixture, .id = "stays_on_cpu", .input = {1, 28, 28}, .classes = 10);
