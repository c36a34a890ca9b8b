// The loss of a batch.
#pragma once

#include <torch/types.h>

#include "config/experiment.hpp"

namespace labhost {

/// float32 [N, classes] and int64 [N] -> a scalar, or [N] without reduction.
inline torch::Tensor loss_of(Loss loss, const torch::Tensor& output, const torch::Tensor& labels,
                             at::Reduction::Reduction how, double label_smoothing = 0.0) {
    constexpr std::int64_t ignore_index = -100;  // no label is below 0
    return loss == Loss::nll ? torch::nll_loss_nd(output, labels, {}, how)
                             : torch::cross_entropy_loss(output, labels, {}, how, ignore_index, label_smoothing);
}

}  // namespace labhost
