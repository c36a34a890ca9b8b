// Its forward throws what is no std::exception.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor) override { throw 42; }
};

LABHOST_PLUGIN(Fixture, .id = "throws_non_std", .input = {1, 28, 28}, .classes = 10);
