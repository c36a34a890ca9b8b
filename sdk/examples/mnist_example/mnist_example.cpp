// The network of PyTorch's examples/mnist: two convolutions, max pooling, two linear layers, dropout before each of
// these.
#include <labhost/plugin.hpp>

struct MnistExample final : labhost::Model {
    Conv2d conv1 = register_module("conv1", Conv2d(1, 32, 3));
    Conv2d conv2 = register_module("conv2", Conv2d(32, 64, 3));
    Dropout dropout1 = register_module("dropout1", Dropout(0.25));
    Dropout dropout2 = register_module("dropout2", Dropout(0.5));
    Linear fc1 = register_module("fc1", Linear(64 * 12 * 12, 128));
    Linear fc2 = register_module("fc2", Linear(128, 10));

    Tensor forward(Tensor x) override {
        x = relu(conv2(relu(conv1(x))));  // [N, 64, 24, 24]
        x = dropout1(max_pool2d(x, 2));
        x = dropout2(relu(fc1(x.flatten(1))));
        return log_softmax(fc2(x), 1);
    }
};

LABHOST_PLUGIN(MnistExample, .id = "mnist_example", .summary = "the network of PyTorch's MNIST example",
               .input = {1, 28, 28}, .classes = 10);
