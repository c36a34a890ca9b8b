// A moving average of a model's weights, which it is tested with: torch.optim.swa_utils.AveragedModel with
// get_ema_multi_avg_fn, and use_buffers = false.
#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "engine/state.hpp"

namespace labhost {

class AveragedWeights final : public Stateful {
public:
    /// `weights`: the model's, which stay where they are; they are those of the average until the first update.
    AveragedWeights(std::vector<torch::Tensor> weights, double decay);

    /// After a step of the optimizer: the first time a copy, then average = decay * average + (1 - decay) * weight.
    void update();

    /// While it lives, the model has the averages for its weights.
    class Scope {
    public:
        /// nullptr: nothing changes.
        explicit Scope(AveragedWeights* of) : of_(of) {
            if (of_ != nullptr) of_->exchange();
        }
        ~Scope() {
            if (of_ != nullptr) of_->exchange();
        }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
        Scope(Scope&&) = delete;
        Scope& operator=(Scope&&) = delete;

    private:
        AveragedWeights* of_;
    };

    void save(StateWriter state) const override;
    void load(const StateReader& state) override;

private:
    void exchange();

    std::vector<torch::Tensor> weights_;
    std::vector<torch::Tensor> averages_{};
    double decay_;
    std::int64_t updates_ = 0;
};

}  // namespace labhost
