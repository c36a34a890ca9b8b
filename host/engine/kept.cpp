#include "engine/kept.hpp"

#include <torch/torch.h>

namespace labhost {

void KeptEpoch::take(std::int64_t epoch, const NamedTensors& weights, const TestOutputs& outputs) {
    epoch_ = epoch;
    weights_.clear();
    for (const auto& [name, weight] : weights)
        weights_.emplace_back(name, weight.detach().to(weight.options().device(torch::kCPU), /*non_blocking=*/false,
                                                       /*copy=*/true));
    outputs_ = outputs.copy();
}

void KeptEpoch::save(StateWriter state) const {
    state.integer("epoch", epoch_);
    if (epoch_ == 0) return;
    for (const auto& [name, weight] : weights_) state.under("weights").tensor(name, weight);
    outputs_.save(state);
}

void KeptEpoch::load(const StateReader& state) {
    epoch_ = state.integer("epoch");
    if (epoch_ == 0) return;
    weights_ = state.under("weights").all();
    outputs_.load(state);
}

}  // namespace labhost
