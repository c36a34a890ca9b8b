// Vectors of 64 with a loss of the model's own: an autoencoder, whose loss draws numbers; one whose loss is a sum
// (SUMS); one whose loss is wrong (FAULTY); and classes told apart by a focal loss (FOCAL).
#include <stdexcept>
#include <string>

#include <labhost/plugin.hpp>

namespace {

#ifdef FOCAL
class Focal : public labhost::Model {
public:
    Tensor forward(Tensor x) override { return torch::log_softmax(second(torch::relu(first(x))), /*dim=*/1); }

    static Tensor loss(const Tensor& output, const Tensor& target, const Tensor& /*input*/) {
        const Tensor given = output.gather(1, target.unsqueeze(1)).squeeze(1);
        return -((1 - given.exp()).pow(2) * given).mean();
    }

private:
    Linear first = register_module("first", Linear(64, 16));
    Linear second = register_module("second", Linear(16, 10));
};
#else
class Autoencoder : public labhost::Model {
public:
#ifdef FAULTY
    explicit Autoencoder(const labhost::Params& params) : fault(params.choice("fault")) {}
#endif

    Tensor forward(Tensor x) override { return second(torch::relu(first(x))); }

    Tensor loss(Tensor output, const Tensor& target, const Tensor& input) {
        if (fault == "throws") throw std::runtime_error("no loss today");
        if (fault == "vector") return (output - input).square().mean(1);
        if (fault == "double") return torch::mse_loss(output, input).to(torch::kFloat64);
        if (fault == "constant") return torch::zeros({}) + target.sum() * 0;
        if (is_training()) output = output + 0.1 * torch::randn_like(output);
#ifdef SUMS
        return (output - input).square().sum();
#else
        return torch::mse_loss(output, input);
#endif
    }

private:
    std::string fault = "none";
    Linear first = register_module("first", Linear(64, 16));
    Linear second = register_module("second", Linear(16, 64));
};
#endif

}  // namespace

#if defined(FOCAL)
LABHOST_PLUGIN(Focal, .id = ID, .summary = "a focal loss", .input = {64}, .classes = 10);
#elif defined(FAULTY)
LABHOST_PLUGIN(Autoencoder, .id = ID, .summary = "an autoencoder", .input = {64}, .outputs = 64,
               .params = {labhost::choice("fault", "throws", "throws|vector|double|constant", "of its loss")});
#else
LABHOST_PLUGIN(Autoencoder, .id = ID, .summary = "an autoencoder", .input = {64}, .outputs = 64);
#endif
