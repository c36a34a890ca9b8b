// A run's optimizer: its parameters in groups, what it remembers of them, and its step.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "config/experiment.hpp"
#include "engine/optimizers/rule.hpp"
#include "engine/state.hpp"

namespace labhost {

/// How a step is computed.
enum class StepKind {
    of_python,  ///< with the bits of Python's torch.optim
    fused,      ///< the same but for rounding: on a CPU a parameter is gone over once, on a GPU all are one kernel's
};

/// Throws Error (usage) for a group that matches no parameter, with their names.
void check_groups(const std::vector<ParameterGroup>& groups, const torch::nn::Module& module);

class Optimizer final : public Stateful {
public:
    /// Of all parameters of the module, which stay where they are. Throws Error (usage) as check_groups.
    Optimizer(const torch::nn::Module& module, const TrainerSettings& settings, StepKind kind);

    /// LibTorch 1 leaves zeros, with which a parameter that a step does not use still follows its momentum; LibTorch 2
    /// leaves nothing, and the parameter stays.
    void zero_grad();

    /// A step of all parameters that have a gradient. Fused on a CPU it drops the gradients, in place of zero_grad.
    void step();

    /// Torch's groups: those that no match names, then those of each match in their order.
    std::vector<GroupRates> rates() const;
    void set_rates(std::span<const GroupRates> rates);

    /// In the model's order.
    const std::vector<torch::Tensor>& parameters() const { return tensors_; }
    /// The gradients that there are, in the same order.
    std::vector<torch::Tensor> gradients() const;

    void save(StateWriter state) const override;
    void load(const StateReader& state) override;

private:
    struct Group {
        std::unique_ptr<OptimizerRule> rule;
        std::vector<std::size_t> members;  ///< of parameters_
    };

    void add_groups(const std::vector<std::string>& names, const TrainerSettings& settings);
    torch::Tensor take_gradient(OptimizedParameter& parameter) const;

    StepKind kind_;
    std::vector<torch::Tensor> tensors_{};
    std::vector<OptimizedParameter> parameters_{};  ///< of the same tensors
    std::vector<Group> groups_{};
};

}  // namespace labhost
