// What an optimizer does to a parameter. The files beside this one are torch.optim's optimizers, one each: their rule
// as Python computes it on a CPU by default (torch/optim/*.py, _single_tensor_*), operator by operator, since other
// operators round otherwise; and the same in one pass for numerics = "fast".
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <torch/types.h>
#include <torch/version.h>

#include "config/arguments.hpp"
#include "schedules/schedule.hpp"

namespace labhost {

/// A parameter, and what its optimizer remembers of it, under torch's names.
struct OptimizedParameter {
    torch::Tensor tensor{};
    float step = 0.0F;                               ///< steps so far; a float32, as in torch
    std::map<std::string, torch::Tensor> buffers{};  ///< "exp_avg"; each as large as the parameter
    std::map<std::string, float> scalars{};          ///< "mu_product"

    /// The buffer of this name, or `made` where there is none yet.
    template <class Make>
    torch::Tensor& buffer(const std::string& name, Make made) {
        const auto found = buffers.find(name);
        return found != buffers.end() ? found->second : buffers.emplace(name, made()).first->second;
    }
    /// The same, of zeros.
    torch::Tensor& zeros(const std::string& name) {
        return buffer(name, [this] { return torch::zeros_like(tensor, torch::MemoryFormat::Preserve); });
    }
    float& scalar(const std::string& name, float initial) { return scalars.try_emplace(name, initial).first->second; }
};

/// An optimizer, with the arguments of one group of parameters.
class OptimizerRule {
public:
    explicit OptimizerRule(GroupRates initial) : rates(initial) {}
    virtual ~OptimizerRule() = default;
    OptimizerRule(const OptimizerRule&) = delete;
    OptimizerRule& operator=(const OptimizerRule&) = delete;
    OptimizerRule(OptimizerRule&&) = delete;
    OptimizerRule& operator=(OptimizerRule&&) = delete;

    /// Without gradients being recorded: the parameter's next step, with the bits of Python's.
    virtual void step(OptimizedParameter& parameter, torch::Tensor gradient) = 0;

    /// The same of several parameters. `fused`: rounded as is quickest.
    virtual void step_all(std::span<OptimizedParameter* const> parameters, std::span<const torch::Tensor> gradients,
                          bool fused);

protected:
    /// What `step` does but for rounding, in one pass over a float32 parameter on the CPU.
    virtual void step_in_one_pass(OptimizedParameter& parameter, const float* gradient) = 0;

public:
    GroupRates rates;  ///< what a schedule changes
};

/// `arguments`: all of the optimizer's (config/optimizers.cpp).
std::unique_ptr<OptimizerRule> make_optimizer_rule(const std::string& name, const Arguments& arguments);

// ---- what several of them do

/// From 2.4 on LibTorch has SGD and Adam as one kernel over lists on a GPU.
#define LABHOST_TORCH_HAS_FUSED_OPTIMIZERS \
    (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4))

/// What those kernels demand, where the operators over lists go another way by themselves.
bool fit_one_kernel(const std::vector<torch::Tensor>& parameters, const std::vector<torch::Tensor>& others);

/// From 2.1 on torch.optim averages by lerp, and takes roots as a power.
constexpr bool averages_by_lerp = TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1);

/// The gradient of the loss and of weight_decay / 2 times the square of the parameter.
inline torch::Tensor with_weight_decay(const torch::Tensor& gradient, const torch::Tensor& parameter,
                                       double weight_decay) {
    return weight_decay != 0.0 ? gradient.add(parameter, weight_decay) : gradient;
}

/// average = beta * average + (1 - beta) * value
inline void move_average(torch::Tensor& average, const torch::Tensor& value, double beta) {
    if constexpr (averages_by_lerp)
        average.lerp_(value, 1.0 - beta);
    else
        average.mul_(beta).add_(value, 1.0 - beta);
}

/// average = beta * average + (1 - beta) * value^2
inline void move_square_average(torch::Tensor& average, const torch::Tensor& value, double beta) {
    average.mul_(beta).addcmul_(value, value, 1.0 - beta);
}

inline float as_float(double value) { return static_cast<float>(value); }
inline float* data(torch::Tensor& tensor) { return tensor.data_ptr<float>(); }

/// Python's square root of a number.
double python_sqrt(double value);

}  // namespace labhost
