// Net5: Net4 with Xavier-uniform weights.
#include <labhost/plugin.hpp>

template <class Layer>
static Layer xavier(Layer layer) {
    torch::nn::init::xavier_uniform_(layer->weight);
    return layer;
}

struct Net5 final : labhost::Model {
    Conv2d conv1 = register_module("conv1", xavier(Conv2d(1, 20, 5)));
    BatchNorm2d conv1_bn = register_module("conv1_bn", BatchNorm2d(20));
    Conv2d conv2 = register_module("conv2", xavier(Conv2d(20, 50, 5)));
    BatchNorm2d conv2_bn = register_module("conv2_bn", BatchNorm2d(50));
    Linear fc1 = register_module("fc1", xavier(Linear(4 * 4 * 50, 500)));
    Linear fc2 = register_module("fc2", xavier(Linear(500, 10)));

    Tensor forward(Tensor x) override {
        x = relu(conv1(x));
        x = max_pool2d(x, 2, 2);
        x = conv1_bn(x);
        x = relu(conv2(x));
        x = max_pool2d(x, 2, 2);
        x = conv2_bn(x);
        x = x.view({-1, 4 * 4 * 50});
        x = relu(fc1(x));
        x = fc2(x);
        return log_softmax(x, 1);
    }
};

LABHOST_PLUGIN(Net5, .id = "net5", .summary = "Net4 with Xavier-uniform weights", .input = {1, 28, 28}, .classes = 10);
