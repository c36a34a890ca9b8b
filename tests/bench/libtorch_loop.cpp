// The plain LibTorch loop that people write in C++, after PyTorch's own MNIST example: its data set, data loader and
// SGD, and no labhost. Trains Net on one thread: libtorch_loop FOLDER_WITH_MNIST EPOCHS
#include <cstdio>
#include <cstdlib>

#include <torch/torch.h>

namespace {

struct NetImpl final : torch::nn::Module {
    torch::nn::Conv2d conv1 = register_module("conv1", torch::nn::Conv2d(1, 20, 5));
    torch::nn::Conv2d conv2 = register_module("conv2", torch::nn::Conv2d(20, 50, 5));
    torch::nn::Linear fc1 = register_module("fc1", torch::nn::Linear(800, 500));
    torch::nn::Linear fc2 = register_module("fc2", torch::nn::Linear(500, 10));

    torch::Tensor forward(torch::Tensor x) {
        x = torch::max_pool2d(torch::relu(conv1(x)), 2);
        x = torch::max_pool2d(torch::relu(conv2(x)), 2);
        return torch::log_softmax(fc2(torch::relu(fc1(x.view({-1, 800})))), 1);
    }
};
TORCH_MODULE(Net);

auto data_set(const std::string& folder, torch::data::datasets::MNIST::Mode mode) {
    return torch::data::datasets::MNIST(folder, mode)
        .map(torch::data::transforms::Normalize<>(0.1307, 0.3081))
        .map(torch::data::transforms::Stack<>());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: libtorch_loop FOLDER_WITH_MNIST EPOCHS\n");
        return 2;
    }
    torch::set_num_threads(1);
    torch::manual_seed(1);
    using Mode = torch::data::datasets::MNIST::Mode;
    auto train = data_set(argv[1], Mode::kTrain);
    auto test = data_set(argv[1], Mode::kTest);
    const double test_count = static_cast<double>(test.size().value());
    auto train_loader = torch::data::make_data_loader(std::move(train), torch::data::DataLoaderOptions(64));
    auto test_loader = torch::data::make_data_loader(std::move(test), torch::data::DataLoaderOptions(1000));
    Net model;
    torch::optim::SGD optimizer(model->parameters(), torch::optim::SGDOptions(0.01).momentum(0.5));
    for (int epoch = 1; epoch <= std::atoi(argv[2]); ++epoch) {
        model->train();
        for (auto& batch : *train_loader) {
            optimizer.zero_grad();
            auto loss = torch::nll_loss(model->forward(batch.data), batch.target);
            loss.backward();
            optimizer.step();
        }
        const torch::NoGradGuard no_grad;
        model->eval();
        std::int64_t correct = 0;
        for (auto& batch : *test_loader)
            correct += model->forward(batch.data).argmax(1).eq(batch.target).sum().item<std::int64_t>();
        std::printf("epoch %d: test %.2f %%\n", epoch, 100.0 * static_cast<double>(correct) / test_count);
    }
}
