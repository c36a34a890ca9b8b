// The tests themselves, by what they look at; and what they share. Part of the engine.
#pragma once

#include <string>

#include <torch/types.h>

#include "engine/model.hpp"
#include "validate/check.hpp"

namespace labhost::checks {

// The file and its load (load_checks.cpp).
CheckResult loads(const CheckContext& context);
CheckResult exports(const CheckContext& context);
CheckResult quiet_load(const CheckContext& context);

// Parameters (parameter_checks.cpp).
CheckResult refuses_parameters(const CheckContext& context);
CheckResult defaults(const CheckContext& context);
CheckResult parameter_ranges(const CheckContext& context);

// What forward takes and gives (forward_checks.cpp).
CheckResult batch_sizes(const CheckContext& context);
CheckResult input_unchanged(const CheckContext& context);
CheckResult output(const CheckContext& context);
CheckResult log_probabilities(const CheckContext& context);
CheckResult train_and_eval(const CheckContext& context);
CheckResult two_threads(const CheckContext& context);

// Weights and their gradients (weight_checks.cpp).
CheckResult same_seed(const CheckContext& context);
CheckResult gradients_reach(const CheckContext& context);
CheckResult registration(const CheckContext& context);
CheckResult state_dict(const CheckContext& context);
CheckResult finite_differences(const CheckContext& context);

// Training, on the CPU and on a GPU (training_checks.cpp).
CheckResult memory(const CheckContext& context);
/// A part of `output`: the loss that the plugin brings.
CheckResult own_loss(const CheckContext& context);
CheckResult learns(const CheckContext& context);
CheckResult cuda(const CheckContext& context);
CheckResult cuda_graph(const CheckContext& context);

CheckResult failed(std::string detail);

/// The model with default parameters, initialised from `seed`.
PluginModel build(const Plugin& plugin, std::uint64_t seed);

/// A batch of `count` random examples, float32 [count, C, H, W], spread as normalised images are.
torch::Tensor random_images(const Plugin& plugin, std::int64_t count, std::uint64_t seed);

/// Random labels, int64 [count], or of a model with outputs 0 and 1, float32 [count, columns].
torch::Tensor random_labels(const Plugin& plugin, const CheckContext& context, std::int64_t count, std::uint64_t seed);

/// The mean loss of a batch, whose output the model gave for `images`: a scalar.
torch::Tensor mean_loss(PluginModel& model, Loss loss, const torch::Tensor& output, const torch::Tensor& labels,
                        const torch::Tensor& images);

/// One step of SGD as the trainer does it: train mode, forward, backward, update. Returns the loss.
double sgd_step(PluginModel& model, torch::optim::Optimizer& optimizer, Loss loss, const torch::Tensor& images,
                const torch::Tensor& labels);

/// Whether two tensors have the same shape, type and bits.
bool identical(const torch::Tensor& a, const torch::Tensor& b);

/// The name of the first tensor in which they differ, or "".
std::string first_difference(const NamedTensors& a, const NamedTensors& b);

}  // namespace labhost::checks
