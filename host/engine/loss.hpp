// The loss of a batch.
#pragma once

#include <torch/types.h>

#include "config/experiment.hpp"

namespace labhost {

/// float32 [N, classes] and int64 [N], or float32 [N, outputs] twice -> a scalar: the sum, or the mean over examples
/// and outputs.
inline torch::Tensor loss_of(Loss loss, const torch::Tensor& output, const torch::Tensor& targets,
                             at::Reduction::Reduction how, double label_smoothing = 0.0) {
    constexpr std::int64_t ignore_index = -100;  // no label is below 0
    switch (loss) {
        case Loss::nll: return torch::nll_loss_nd(output, targets, {}, how);
        case Loss::cross_entropy:
            return torch::cross_entropy_loss(output, targets, {}, how, ignore_index, label_smoothing);
        case Loss::mse: return torch::mse_loss(output, targets, how);
        case Loss::l1: return torch::l1_loss(output, targets, how);
        case Loss::huber: return torch::huber_loss(output, targets, how, /*delta=*/1.0);
        case Loss::bce_with_logits: return torch::binary_cross_entropy_with_logits(output, targets, {}, {}, how);
    }
    return {};
}

}  // namespace labhost
