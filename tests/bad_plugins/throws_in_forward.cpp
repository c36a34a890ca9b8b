// Its forward throws.
#include <labhost/plugin.hpp>

#include <stdexcept>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor) override { throw std::runtime_error("forward's own words"); }
};

LABHOST_PLUGIN(Fixture, .id = "throws_in_forward", .input = {1, 28, 28}, .classes = 10);
