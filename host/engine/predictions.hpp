// What a model makes of each test example, from its outputs.
#pragma once

#include <cstdint>
#include <span>

#include <torch/types.h>

#include "train/trainer.hpp"

namespace labhost {

/// `outputs`: float32 [n, classes], logits or log-probabilities; `labels`: n of them, below `classes`. The class
/// predicted is argmax's, as in the accuracy.
Predictions predictions_of(const torch::Tensor& outputs, std::span<const std::uint8_t> labels);

}  // namespace labhost
