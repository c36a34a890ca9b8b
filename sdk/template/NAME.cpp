// @NAME@: one convolution and one hidden layer; a start, to be changed.
#include <labhost/plugin.hpp>

struct @CLASS@ final : labhost::Model {
    // Registered in the order in which PyTorch would create them: it fixes the random numbers each starts from.
    Conv2d conv = register_module("conv", Conv2d(1, 16, 5));
    Linear hidden{nullptr};
    Linear out{nullptr};

    explicit @CLASS@(const labhost::Params& params) {
        hidden = register_module("hidden", Linear(16 * 12 * 12, params.integer("width")));
        out = register_module("out", Linear(params.integer("width"), 10));
    }

    // x: float32 [N, 1, 28, 28]. Returns log-probabilities, float32 [N, 10].
    Tensor forward(Tensor x) override {
        x = max_pool2d(relu(conv(x)), 2);
        x = relu(hidden(x.flatten(1)));
        return log_softmax(out(x), 1);
    }
};

LABHOST_PLUGIN(@CLASS@, .id = "@NAME@", .version = "0.1.0", .summary = "a convolution and a hidden layer",
               .input = {1, 28, 28}, .classes = 10,
               .params = {labhost::integer("width", 100, {1, 1000}, "units of the hidden layer")});
