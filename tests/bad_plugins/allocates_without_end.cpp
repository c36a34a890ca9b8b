// Allocates without end in its second batch.
#include <labhost/plugin.hpp>

#include <vector>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
    int batches = 0;

    Tensor forward(Tensor x) override {
        std::vector<Tensor> kept;
        if (++batches == 2)
            for (;;) kept.push_back(torch::ones({1 << 20}));
        return log_softmax(fc(x.flatten(1)), 1);
    }
};

LABHOST_PLUGIN(Fixture, .id = "allocates_without_end", .input = {1, 28, 28}, .classes = 10);
