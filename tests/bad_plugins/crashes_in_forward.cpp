// Crashes in its third batch.
#include <labhost/plugin.hpp>

#include <csignal>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
    int batches = 0;

    Tensor forward(Tensor x) override {
        if (++batches == 3) std::raise(SIGSEGV);
        return log_softmax(fc(x.flatten(1)), 1);
    }
};

LABHOST_PLUGIN(Fixture, .id = "crashes_in_forward", .input = {1, 28, 28}, .classes = 10);
