// Reads a value back in forward, so that no CUDA graph can hold it.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override {
        x = x.flatten(1);
        return log_softmax(x.sum().item<double>() == 0.5 ? fc(-x) : fc(x), 1);
    }
};

LABHOST_PLUGIN(Fixture, .id = "syncs_in_forward", .input = {1, 28, 28}, .classes = 10);
