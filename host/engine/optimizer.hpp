// The optimizer: its state by parameter, and its step in one pass.
#pragma once

#include <torch/optim/sgd.h>

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

}  // namespace labhost
