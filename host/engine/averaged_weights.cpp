#include "engine/averaged_weights.hpp"

#include <fmt/format.h>
#include <torch/torch.h>
#include <torch/version.h>

namespace labhost {

AveragedWeights::AveragedWeights(std::vector<torch::Tensor> weights, double decay)
    : weights_(std::move(weights)), decay_(decay) {
    for (const torch::Tensor& weight : weights_) averages_.push_back(weight.detach().clone());
}

void AveragedWeights::update() {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
        if (updates_ == 0)
            averages_[i].copy_(weights_[i]);
        else
            averages_[i].lerp_(weights_[i], 1.0 - decay_);
    }
    ++updates_;
}

void AveragedWeights::exchange() {
    for (std::size_t i = 0; i < weights_.size(); ++i) {
        const torch::Tensor weight = weights_[i].detach();  // of the same memory
        weights_[i].set_data(averages_[i]);
        averages_[i] = weight;
    }
}

void AveragedWeights::save(StateWriter state) const {
    for (std::size_t i = 0; i < averages_.size(); ++i) state.tensor(fmt::format("{}", i), averages_[i]);
    state.integer("updates", updates_);
}

void AveragedWeights::load(const StateReader& state) {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < averages_.size(); ++i)
        averages_[i].copy_(state.tensor(fmt::format("{}", i), averages_[i].scalar_type(), averages_[i].sizes()));
    updates_ = state.integer("updates");
}

}  // namespace labhost
