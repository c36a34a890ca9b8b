// Starts a thread while it is loaded.
#include <labhost/plugin.hpp>

#include <unistd.h>

#include <thread>

static std::thread idle([] {
    for (;;) ::pause();
});

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)), 1); }
};

LABHOST_PLUGIN(Fixture, .id = "starts_a_thread", .input = {1, 28, 28}, .classes = 10);
