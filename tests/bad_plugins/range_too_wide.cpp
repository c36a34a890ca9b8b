// Allows a gain that no float32 bears.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
    double gain;

    explicit Fixture(const labhost::Params& params) : gain(params.real("gain")) {}

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)) * gain, 1); }
};

LABHOST_PLUGIN(Fixture, .id = "range_too_wide", .input = {1, 28, 28}, .classes = 10,
               .params = {labhost::real("gain", 1.0, {0, 1e300}, "scales the logits")});
