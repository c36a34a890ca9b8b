// Its constructor throws.
#include <labhost/plugin.hpp>

#include <stdexcept>

struct Fixture final : labhost::Model {
    Fixture() { throw std::runtime_error("the constructor's own words"); }
    Tensor forward(Tensor x) override { return x; }
};

LABHOST_PLUGIN(Fixture, .id = "throws_in_constructor", .input = {1, 28, 28}, .classes = 10);
