// Exports a function besides, one that twin_symbol has too; built without the SDK's list of exports.
#include <labhost/plugin.hpp>

extern "C" __attribute__((visibility("default"), noinline)) double fixture_scale() { return 1.0; }

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)) * fixture_scale(), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "exports_more", .input = {1, 28, 28}, .classes = 10);
