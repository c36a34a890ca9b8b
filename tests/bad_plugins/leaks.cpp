// Keeps every output with its history.
#include <labhost/plugin.hpp>

#include <vector>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
    std::vector<Tensor> kept;

    Tensor forward(Tensor x) override {
        kept.push_back(log_softmax(fc(x.flatten(1)), 1));
        return kept.back();
    }
};

LABHOST_PLUGIN(Fixture, .id = "leaks", .input = {1, 28, 28}, .classes = 10);
