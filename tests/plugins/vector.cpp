// A network of vectors of COLUMNS: CLASSES told apart, or OUTPUTS foretold.
#include <labhost/plugin.hpp>

namespace {

#ifdef CLASSES
constexpr std::int64_t width = CLASSES;
torch::Tensor as_declared(const torch::Tensor& x) { return torch::log_softmax(x, /*dim=*/1); }
#else
constexpr std::int64_t width = OUTPUTS;
torch::Tensor as_declared(const torch::Tensor& x) { return x; }
#endif

class Vector : public labhost::Model {
public:
    Tensor forward(Tensor x) override { return as_declared(second(torch::relu(first(x)))); }

private:
    Linear first = register_module("first", Linear(COLUMNS, 16));
    Linear second = register_module("second", Linear(16, width));
};

}  // namespace

#ifdef CLASSES
LABHOST_PLUGIN(Vector, .id = ID, .summary = "a hidden layer", .input = {COLUMNS}, .classes = CLASSES);
#else
LABHOST_PLUGIN(Vector, .id = ID, .summary = "a hidden layer", .input = {COLUMNS}, .outputs = OUTPUTS);
#endif
