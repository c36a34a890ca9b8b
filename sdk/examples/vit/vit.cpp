// Vit: a small vision transformer (Dosovitskiy et al. 2021, arXiv 2010.11929). Returns logits: loss = "cross_entropy".
#include <cmath>
#include <stdexcept>

#include <labhost/plugin.hpp>

/// Self-attention of several heads (Vaswani et al. 2017, arXiv 1706.03762). x: [N, tokens, dim]; keeps the shape.
struct Attention final : torch::nn::Module {
    std::int64_t heads;
    torch::nn::Linear qkv{nullptr}, out{nullptr};

    Attention(std::int64_t dim, std::int64_t heads) : heads(heads) {
        qkv = register_module("qkv", torch::nn::Linear(dim, 3 * dim));
        out = register_module("out", torch::nn::Linear(dim, dim));
    }

    torch::Tensor forward(const torch::Tensor& x) {
        const std::int64_t n = x.size(0), tokens = x.size(1), dim = x.size(2), width = dim / heads;
        const auto parts = qkv(x).view({n, tokens, 3, heads, width}).permute({2, 0, 3, 1, 4}).unbind(0);
        const torch::Tensor &query = parts[0], &key = parts[1], &value = parts[2];  // each [N, heads, tokens, width]
        const auto scores = query.matmul(key.transpose(-2, -1)) / std::sqrt(static_cast<double>(width));
        return out(scores.softmax(-1).matmul(value).transpose(1, 2).reshape({n, tokens, dim}));
    }
};

/// Attention and a perceptron, each normalised before and added to what came in. x: [N, tokens, dim]; keeps the shape.
struct Layer final : torch::nn::Module {
    torch::nn::LayerNorm norm1{nullptr}, norm2{nullptr};
    std::shared_ptr<Attention> attention;
    torch::nn::Linear fc1{nullptr}, fc2{nullptr};
    torch::nn::Dropout dropout{nullptr};

    Layer(std::int64_t dim, std::int64_t heads, double p) {
        norm1 = register_module("norm1", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})));
        attention = register_module("attention", std::make_shared<Attention>(dim, heads));
        norm2 = register_module("norm2", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})));
        fc1 = register_module("fc1", torch::nn::Linear(dim, 2 * dim));
        fc2 = register_module("fc2", torch::nn::Linear(2 * dim, dim));
        dropout = register_module("dropout", torch::nn::Dropout(p));
    }

    torch::Tensor forward(torch::Tensor x) {
        x = x + dropout(attention->forward(norm1(x)));
        return x + dropout(fc2(dropout(gelu(fc1(norm2(x))))));
    }
};

struct VisionTransformer final : labhost::Model {
    Conv2d patches{nullptr};
    Tensor class_token, positions;
    Dropout dropout{nullptr};
    torch::nn::ModuleList layers;
    torch::nn::LayerNorm norm{nullptr};
    Linear head{nullptr};

    explicit VisionTransformer(const labhost::Params& params) {
        const std::int64_t dim = params.integer("dim"), heads = params.integer("heads"),
                           patch = params.integer("patch");
        if (dim % heads != 0) throw std::invalid_argument("dim must be a multiple of heads");
        if (28 % patch != 0) throw std::invalid_argument("patch must divide 28");
        const std::int64_t side = 28 / patch;
        const double p = params.real("dropout");
        patches = register_module("patches", Conv2d(torch::nn::Conv2dOptions(1, dim, patch).stride(patch)));
        class_token = register_parameter("class_token", torch::randn({1, 1, dim}) * 0.02);
        positions = register_parameter("positions", torch::randn({1, side * side + 1, dim}) * 0.02);
        dropout = register_module("dropout", Dropout(p));
        register_module("layers", layers);
        for (std::int64_t i = 0; i < params.integer("depth"); ++i)
            layers->push_back(std::make_shared<Layer>(dim, heads, p));
        norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})));
        head = register_module("head", Linear(dim, 10));
    }

    Tensor forward(Tensor x) override {
        x = patches(x).flatten(2).transpose(1, 2);  // [N, patches, dim]
        x = torch::cat({class_token.expand({x.size(0), -1, -1}), x}, 1);
        x = dropout(x + positions);
        for (const auto& layer : *layers) x = layer->as<Layer>()->forward(x);
        return head(norm(x.select(1, 0)));
    }
};

LABHOST_PLUGIN(VisionTransformer, .id = "vit", .summary = "a small vision transformer", .input = {1, 28, 28},
               .classes = 10,
               .params = {labhost::integer("dim", 64, {1, 512}, "width of a token; a multiple of heads"),
                          labhost::integer("depth", 4, {1, 16}, "layers"),
                          labhost::integer("heads", 4, {1, 16}, "of the attention of each layer"),
                          labhost::integer("patch", 7, {2, 28}, "pixels of a patch's side; a divisor of 28"),
                          labhost::real("dropout", 0.0, {0, 0.9}, "probability of dropping a unit")});
