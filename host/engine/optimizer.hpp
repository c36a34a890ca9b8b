// The optimizer: its state by parameter, and its step in one pass.
#pragma once

#include <vector>

#include <torch/optim/sgd.h>

#include "config/experiment.hpp"
#include "engine/state.hpp"

namespace labhost {

/// The momentum buffer of a parameter; undefined before its first step.
torch::Tensor momentum_of(const torch::optim::Optimizer& sgd, const torch::Tensor& parameter);
void set_momentum(torch::optim::Optimizer& sgd, const torch::Tensor& parameter, torch::Tensor momentum);

/// What sgd.step() and then sgd.zero_grad() do, but for rounding: on the CPU each parameter is gone over once, and
/// gradients are dropped rather than cleared; on a GPU all are one kernel's. Momentum without weight decay, dampening
/// or Nesterov.
void step_fused(torch::optim::SGD& sgd);

/// The same on a GPU with the bits of torch.optim.SGD, which steps there over lists too (foreach): three kernels rather
/// than three a parameter.
void step_as_python_on_a_gpu(torch::optim::SGD& sgd);

/// How a step is computed.
enum class StepKind {
    of_libtorch,       ///< with LibTorch's own code, which on a CPU has the bits of Python's
    as_python_on_gpu,  ///< step_as_python_on_a_gpu
    fused,             ///< step_fused
};

/// A run's optimizer.
class Optimizer final : public Stateful {
public:
    /// Of these parameters, which stay where they are.
    Optimizer(std::vector<torch::Tensor> parameters, const OptimizerSettings& settings, StepKind kind);

    void zero_grad() { sgd_.zero_grad(); }
    void step();

    void save(StateWriter state) const override;
    void load(const StateReader& state) override;

private:
    torch::optim::SGD sgd_;
    StepKind kind_;
};

}  // namespace labhost
