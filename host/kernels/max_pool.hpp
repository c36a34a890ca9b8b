// Max-pooling of windows of 2x2 on the CPU, vectorised, with the bits of LibTorch's.
#pragma once

#include <cstdint>

namespace labhost::kernels {

/// Of each of `planes` planes, height x width, the maxima of windows of 2x2 with stride 2, and where in its plane each
/// lies. A last odd row or column is left out. The first of equal values is taken; of NaNs, which are above all else,
/// the last. Tensors are contiguous: input float32 [planes, height, width]; output float32 and indices int64 [planes,
/// height / 2, width / 2].
void max_pool_2x2(std::int64_t planes, std::int64_t height, std::int64_t width, const float* input, float* output,
                  std::int64_t* indices);

/// The gradient of its input, all of which is written. `indices` are those that max_pool_2x2 gave.
void max_pool_2x2_backward(std::int64_t planes, std::int64_t height, std::int64_t width, const float* grad_output,
                           const std::int64_t* indices, float* grad_input);

}  // namespace labhost::kernels
