// LibTorch's operators on the CPU that are replaced, for the whole process and without a plugin's knowing.
#pragma once

#include <torch/library.h>

namespace labhost {

/// While it lives, LibTorch's dispatcher calls our kernels for these operators, wherever tensors and arguments are
/// those that they are made for, and its own everywhere else:
/// - max_pool2d_with_indices and its gradient (windows of 2x2): the same bits, whatever the numerics.
/// - convolution and its gradient (two dimensions, one group), with "fast" numerics only: sums in another order.
/// One of it at a time in a process.
class CpuOperators {
public:
    explicit CpuOperators(bool fast);

private:
    torch::Library library_;
};

}  // namespace labhost
