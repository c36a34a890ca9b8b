// The base class of every model: a torch::nn::Module with one forward function.
#pragma once

#include <torch/nn.h>

namespace labhost {

/// A network that maps a batch of examples to a row of scores per example.
///
/// Layers are members, registered in the order in which PyTorch would create them: that order fixes the random
/// numbers each layer is initialised with, and the order of the state_dict.
class Model : public torch::nn::Module {
public:
    Model();
    ~Model() override;
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;
    Model(Model&&) = delete;
    Model& operator=(Model&&) = delete;

    /// `x`: float32 [N, C, H, W], or [N, ...] as the descriptor's `input` says; not to be changed in place.
    /// Returns float32 [N, classes]: log-probabilities for `loss = "nll"`, logits for "cross_entropy"; or [N, outputs]:
    /// numbers for "mse", "l1" and "huber", logits for "bce_with_logits".
    /// May throw; the text reaches the user. Called from one thread at a time.
    virtual torch::Tensor forward(torch::Tensor x) = 0;

    // A model may bring a loss of its own, for `loss = "model"`, as a public member function; nothing is overridden:
    //   Tensor loss(Tensor output, Tensor target, Tensor input);
    // `output`: what forward returned for `input`; `target`: int64 [N] where the model declares classes, else float32
    // [N, columns], as many as the data have. Returns a float32 scalar, the mean over the batch. May throw.

protected:
    using Tensor = torch::Tensor;
    using Conv2d = torch::nn::Conv2d;
    using Linear = torch::nn::Linear;
    using BatchNorm2d = torch::nn::BatchNorm2d;
    using Dropout = torch::nn::Dropout;
};

}  // namespace labhost
