// Gradients cut to a size before a step, as torch.nn.utils does it.
#pragma once

#include <vector>

#include <torch/types.h>

namespace labhost {

/// clip_grad_value_: each element to -limit .. limit.
void clip_grad_value(const std::vector<torch::Tensor>& gradients, double limit);

/// clip_grad_norm_: all by one factor, so that the 2-norm of all of them together is at most `limit`.
void clip_grad_norm(const std::vector<torch::Tensor>& gradients, double limit);

}  // namespace labhost
