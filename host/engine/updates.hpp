// What comes of gradients: they are accumulated over batches and clipped, the optimizer steps, the average of the
// weights and the learning rate follow.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <torch/nn/module.h>

#include "config/experiment.hpp"
#include "engine/averaged_weights.hpp"
#include "engine/optimizer.hpp"
#include "engine/state.hpp"
#include "schedules/schedule.hpp"

namespace labhost {

class Updates final : public Stateful {
public:
    /// Of the module's parameters, which stay where they are. `total_steps`: of the optimizer, in the whole run.
    Updates(const torch::nn::Module& module, const TrainerSettings& settings, StepKind kind, std::int64_t total_steps);

    /// Before a batch's gradients are computed: forgets those of the last step.
    void before_batch();

    /// By how much the mean loss of a batch is divided.
    std::int64_t divisor() const { return accumulate_; }

    /// After a batch's gradients are computed. `last`: of the epoch.
    void after_batch(bool last);

    /// Of all parameters, in the model's order; undefined where there is none.
    std::vector<torch::Tensor> gradients() const;
    void set_gradients(const std::vector<torch::Tensor>& gradients);

    /// After an epoch's test: a schedule by epochs steps. `metric`: what it follows, where it follows one.
    void after_epoch(double metric);

    /// The learning rate now, of the first group.
    double lr() const { return optimizer_.rates().front().lr; }

    /// nullptr without trainer.ema.
    AveragedWeights* average() { return average_ ? &*average_ : nullptr; }

    void save(StateWriter state) const override;
    void load(const StateReader& state) override;

private:
    void step_schedule(std::optional<double> metric);

    Optimizer optimizer_;
    std::optional<double> clip_value_;
    std::optional<double> clip_norm_;
    std::int64_t accumulate_;
    std::int64_t accumulated_ = 0;  ///< batches since the last step
    std::optional<AveragedWeights> average_{};
    std::unique_ptr<Schedule> schedule_{};
    Every schedule_steps_ = Every::epoch;
    bool schedule_follows_metric_ = false;
};

}  // namespace labhost
