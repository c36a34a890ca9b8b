// Residual: a small residual network with batch normalisation (He et al. 2016, arXiv 1512.03385).
#include <string>
#include <vector>

#include <labhost/plugin.hpp>

/// x + conv(relu(conv(x))), each convolution followed by batch normalisation; keeps the shape [N, width, H, W].
struct Block final : torch::nn::Module {
    torch::nn::Conv2d conv1{nullptr}, conv2{nullptr};
    torch::nn::BatchNorm2d bn1{nullptr}, bn2{nullptr};

    explicit Block(std::int64_t width) {
        const auto conv3x3 = torch::nn::Conv2dOptions(width, width, 3).padding(1).bias(false);
        conv1 = register_module("conv1", torch::nn::Conv2d(conv3x3));
        bn1 = register_module("bn1", torch::nn::BatchNorm2d(width));
        conv2 = register_module("conv2", torch::nn::Conv2d(conv3x3));
        bn2 = register_module("bn2", torch::nn::BatchNorm2d(width));
    }

    torch::Tensor forward(const torch::Tensor& x) { return relu(x + bn2(conv2(relu(bn1(conv1(x)))))); }
};

struct Residual final : labhost::Model {
    Conv2d stem{nullptr};
    std::vector<std::shared_ptr<Block>> blocks;
    Linear fc{nullptr};

    explicit Residual(const labhost::Params& params) {
        const std::int64_t width = params.integer("width");
        stem = register_module("stem", Conv2d(torch::nn::Conv2dOptions(1, width, 5).stride(2).padding(2)));
        for (std::int64_t i = 0; i < params.integer("depth"); ++i)
            blocks.push_back(register_module("block" + std::to_string(i), std::make_shared<Block>(width)));
        fc = register_module("fc", Linear(width, 10));
    }

    Tensor forward(Tensor x) override {
        x = relu(stem(x));  // [N, width, 14, 14]
        for (const auto& block : blocks) x = block->forward(x);
        x = x.mean({2, 3});  // global average pooling
        return log_softmax(fc(x), 1);
    }
};

LABHOST_PLUGIN(Residual, .id = "residual", .summary = "a small residual network", .input = {1, 28, 28}, .classes = 10,
               .params = {labhost::integer("width", 16, {1, 256}, "channels of every block"),
                          labhost::integer("depth", 2, {0, 16}, "residual blocks of two convolutions each")});
