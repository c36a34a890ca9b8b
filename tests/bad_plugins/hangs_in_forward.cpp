// Never comes back from forward.
#include <labhost/plugin.hpp>

#include <unistd.h>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor) override {
        for (;;) ::pause();
    }
};

LABHOST_PLUGIN(Fixture, .id = "hangs_in_forward", .input = {1, 28, 28}, .classes = 10);
