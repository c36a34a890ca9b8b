// Dies when its model is built.
#include <labhost/plugin.hpp>

#include <csignal>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Fixture() { std::raise(SIGBUS); }
    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "dies_at_once", .input = {1, 28, 28}, .classes = 10);
