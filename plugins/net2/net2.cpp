// Net2: Net with dropout before the last layer.
#include <labhost/plugin.hpp>

struct Net2 final : labhost::Model {
    Conv2d conv1 = register_module("conv1", Conv2d(1, 20, 5));
    Conv2d conv2 = register_module("conv2", Conv2d(20, 50, 5));
    Linear fc1 = register_module("fc1", Linear(4 * 4 * 50, 500));
    Linear fc2 = register_module("fc2", Linear(500, 10));
    Dropout dropout{nullptr};

    explicit Net2(const labhost::Params& params) { dropout = register_module("Dropout", Dropout(params.real("p"))); }

    Tensor forward(Tensor x) override {
        x = relu(conv1(x));
        x = max_pool2d(x, 2, 2);
        x = relu(conv2(x));
        x = max_pool2d(x, 2, 2);
        x = x.view({-1, 4 * 4 * 50});
        x = relu(fc1(x));
        x = dropout(x);
        x = fc2(x);
        return log_softmax(x, 1);
    }
};

LABHOST_PLUGIN(Net2, .id = "net2", .summary = "Net with dropout before the last layer", .input = {1, 28, 28},
               .classes = 10, .params = {labhost::real("p", 0.5, {0, 1}, "probability of dropping a unit")});
