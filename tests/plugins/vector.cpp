// A network of vectors: COLUMNS of them, CLASSES told apart.
#include <labhost/plugin.hpp>

namespace {

class Vector : public labhost::Model {
public:
    Tensor forward(Tensor x) override { return torch::log_softmax(second(torch::relu(first(x))), /*dim=*/1); }

private:
    Linear first = register_module("first", Linear(COLUMNS, 16));
    Linear second = register_module("second", Linear(16, CLASSES));
};

}  // namespace

LABHOST_PLUGIN(Vector, .id = ID, .summary = "a hidden layer", .input = {COLUMNS}, .classes = CLASSES);
