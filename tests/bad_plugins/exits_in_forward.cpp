// Ends its process in forward.
#include <labhost/plugin.hpp>

#include <cstdlib>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor) override { std::exit(3); }
};

LABHOST_PLUGIN(Fixture, .id = "exits_in_forward", .input = {1, 28, 28}, .classes = 10);
