// The loss of a batch.
#pragma once

#include <torch/torch.h>

#include "config/experiment.hpp"

namespace labhost {

/// What only the loss that is trained has.
struct LossOptions {
    double label_smoothing = 0.0;
    torch::Tensor class_weights{};  ///< float32 [classes]; undefined: all 1
    torch::Tensor pos_weight{};     ///< float32 [outputs] or [1]; undefined: 1
};

/// Of a run, its tensors on `device`.
inline LossOptions loss_options(const RunSettings& run, const torch::Device& device) {
    const auto tensor_of = [&](const std::vector<double>& values) {
        return values.empty() ? torch::Tensor() : torch::tensor(values, torch::kFloat64).to(torch::kFloat32).to(device);
    };
    return {.label_smoothing = run.trainer.label_smoothing,
            .class_weights = tensor_of(run.data.class_weights.values),
            .pos_weight = tensor_of(run.data.pos_weight)};
}

/// float32 [N, classes] and int64 [N], or float32 [N, outputs] twice -> a scalar: the sum, or the mean over examples
/// and outputs (with class weights torch's weighted mean).
inline torch::Tensor loss_of(Loss loss, const torch::Tensor& output, const torch::Tensor& targets,
                             at::Reduction::Reduction how, const LossOptions& options = {}) {
    constexpr std::int64_t ignore_index = -100;  // no label is below 0
    switch (loss) {
        case Loss::nll: return torch::nll_loss_nd(output, targets, options.class_weights, how);
        case Loss::cross_entropy:
            return torch::cross_entropy_loss(output, targets, options.class_weights, how, ignore_index,
                                             options.label_smoothing);
        case Loss::mse: return torch::mse_loss(output, targets, how);
        case Loss::l1: return torch::l1_loss(output, targets, how);
        case Loss::huber: return torch::huber_loss(output, targets, how, /*delta=*/1.0);
        case Loss::bce_with_logits:
            return torch::binary_cross_entropy_with_logits(output, targets, {}, options.pos_weight, how);
        case Loss::model: break;  // PluginModel::loss
    }
    return {};
}

}  // namespace labhost
