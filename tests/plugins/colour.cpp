// A network of colour images of SIDE x SIDE.
#include <labhost/plugin.hpp>

namespace {

class Colour : public labhost::Model {
public:
    Tensor forward(Tensor x) override {
        x = torch::max_pool2d(torch::relu(conv(x)), 2);
        return torch::log_softmax(fc(x.flatten(1)), /*dim=*/1);
    }

private:
    Conv2d conv = register_module("conv", Conv2d(torch::nn::Conv2dOptions(3, 6, 5)));
    Linear fc = register_module("fc", Linear(6 * ((SIDE - 4) / 2) * ((SIDE - 4) / 2), 10));
};

}  // namespace

LABHOST_PLUGIN(Colour, .id = ID, .summary = "a convolution", .input = {3, SIDE, SIDE}, .classes = 10);
