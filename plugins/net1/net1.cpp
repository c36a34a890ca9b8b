// Net1: Net with sigmoid in place of ReLU in the two convolutional layers.
#include <labhost/plugin.hpp>

struct Net1 final : labhost::Model {
    Conv2d conv1 = register_module("conv1", Conv2d(1, 20, 5));
    Conv2d conv2 = register_module("conv2", Conv2d(20, 50, 5));
    Linear fc1 = register_module("fc1", Linear(4 * 4 * 50, 500));
    Linear fc2 = register_module("fc2", Linear(500, 10));

    Tensor forward(Tensor x) override {
        x = sigmoid(conv1(x));
        x = max_pool2d(x, 2, 2);
        x = sigmoid(conv2(x));
        x = max_pool2d(x, 2, 2);
        x = x.view({-1, 4 * 4 * 50});
        x = relu(fc1(x));
        x = fc2(x);
        return log_softmax(x, 1);
    }
};

LABHOST_PLUGIN(Net1, .id = "net1", .summary = "Net with sigmoid in the convolutional layers", .input = {1, 28, 28},
               .classes = 10);
