// A step of stochastic gradient descent with momentum, in one pass.
#pragma once

#include <cstdint>

#include "kernels/optimizers.hpp"

namespace labhost::kernels {

/// buffer = momentum * buffer + gradient; parameter -= lr * buffer; for `count` elements, in float32, as
/// torch.optim.SGD computes it but for rounding. `gradient` may be null: zero.
inline void sgd_step(std::int64_t count, float lr, float momentum, const float* gradient, float* buffer,
                     float* parameter) {
    optimizer_kernels().sgd(count, {.lr = lr, .momentum = momentum}, gradient, {.momentum_buffer = buffer}, parameter);
}

}  // namespace labhost::kernels
