// Draws its weights from another source than the generator that is seeded.
#include <labhost/plugin.hpp>

#include <random>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Fixture() {
        const torch::NoGradGuard no_grad;
        fc->weight[0][0] = static_cast<double>(std::random_device()()) * 1e-10;
    }

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "unseeded", .input = {1, 28, 28}, .classes = 10);
