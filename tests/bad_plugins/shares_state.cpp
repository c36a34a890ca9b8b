// Its instances share a variable.
#include <labhost/plugin.hpp>

#include <unistd.h>

static torch::Tensor shared;

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override {
        shared = fc(x.flatten(1));
        ::usleep(1000);  // what others do between two steps
        return log_softmax(shared, 1);
    }
};

LABHOST_PLUGIN(Fixture, .id = "shares_state", .input = {1, 28, 28}, .classes = 10);
