// Vectors of 64 with a loss of the model's own: an autoencoder (of 8 x 8 IMAGES), whose loss draws numbers in training,
// or always (DRAWS); one whose loss is a sum (SUMS); one whose loss is wrong (FAULTY); classes told apart by a focal
// loss (FOCAL); and, of vectors of 10, three quantiles of one target (QUANTILES).
#include <stdexcept>
#include <string>

#include <labhost/plugin.hpp>

namespace {

#if defined(FOCAL)
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
#elif defined(QUANTILES)
class Quantiles : public labhost::Model {
public:
    Tensor forward(Tensor x) override { return second(torch::relu(first(x))); }

    static Tensor loss(const Tensor& output, const Tensor& target, const Tensor& /*input*/) {
        TORCH_CHECK(target.size(1) == 1, "one target, not ", target.size(1));
        const Tensor quantiles = torch::tensor({0.1F, 0.5F, 0.9F});
        const Tensor error = target - output;
        return torch::max(quantiles * error, (quantiles - 1) * error).mean();
    }

private:
    Linear first = register_module("first", Linear(10, 16));
    Linear second = register_module("second", Linear(16, 3));
};
#else
class Autoencoder : public labhost::Model {
public:
#ifdef FAULTY
    explicit Autoencoder(const labhost::Params& params) : fault(params.choice("fault")) {}
#endif

    Tensor forward(Tensor x) override { return second(torch::relu(first(x.flatten(1)))); }

    Tensor loss(Tensor output, const Tensor& target, const Tensor& images) {
        const Tensor input = images.flatten(1);
        if (fault == "throws") throw std::runtime_error("no loss today");
        if (fault == "vector") return (output - input).square().mean(1);
        if (fault == "double") return torch::mse_loss(output, input).to(torch::kFloat64);
        if (fault == "constant") return torch::zeros({}) + target.sum() * 0;
#ifdef DRAWS
        return torch::mse_loss(output + torch::randn_like(output), input);
#endif
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
#elif defined(QUANTILES)
LABHOST_PLUGIN(Quantiles, .id = ID, .summary = "a pinball loss", .input = {10}, .outputs = 3);
#elif defined(FAULTY)
LABHOST_PLUGIN(Autoencoder, .id = ID, .summary = "an autoencoder", .input = {64}, .outputs = 64,
               .params = {labhost::choice("fault", "throws", "throws|vector|double|constant", "of its loss")});
#elif defined(IMAGES)
LABHOST_PLUGIN(Autoencoder, .id = ID, .summary = "an autoencoder", .input = {1, 8, 8}, .outputs = 64);
#else
LABHOST_PLUGIN(Autoencoder, .id = ID, .summary = "an autoencoder", .input = {64}, .outputs = 64);
#endif
