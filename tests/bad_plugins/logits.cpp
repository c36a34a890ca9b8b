// Returns logits where nll wants log-probabilities.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override { return fc(x.flatten(1)); }
};

LABHOST_PLUGIN(Fixture, .id = "logits", .input = {1, 28, 28}, .classes = 10);
