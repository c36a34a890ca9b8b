// The table of the optimizers: a line each.
#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/optimizers/rule.hpp"
#include "engine/optimizers/rules.hpp"

namespace labhost {

bool fit_one_kernel(const std::vector<torch::Tensor>& parameters, const std::vector<torch::Tensor>& others) {
    return std::ranges::equal(parameters, others, [&](const torch::Tensor& parameter, const torch::Tensor& other) {
        return parameter.is_cuda() && parameter.device() == parameters[0].device() &&
               parameter.scalar_type() == torch::kFloat32 && parameter.is_non_overlapping_and_dense() &&
               other.device() == parameter.device() && other.scalar_type() == parameter.scalar_type() &&
               other.strides() == parameter.strides();
    });
}

double python_sqrt(double value) { return averages_by_lerp ? std::pow(value, 0.5) : std::sqrt(value); }

namespace {

bool is_plain(const torch::Tensor& tensor) {
    return tensor.device().is_cpu() && tensor.scalar_type() == torch::kFloat32 && tensor.is_contiguous();
}

/// Whether all its memory can be gone over as one row of floats.
bool is_plain(const OptimizedParameter& parameter, const torch::Tensor& gradient) {
    return is_plain(parameter.tensor) && is_plain(gradient) &&
           std::ranges::all_of(parameter.buffers, [](const auto& buffer) { return is_plain(buffer.second); });
}

}  // namespace

void OptimizerRule::step_all(std::span<OptimizedParameter* const> parameters, std::span<const torch::Tensor> gradients,
                             bool fused) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (fused && is_plain(*parameters[i], gradients[i]))
            step_in_one_pass(*parameters[i], gradients[i].data_ptr<float>());
        else
            step(*parameters[i], gradients[i]);
    }
}

std::unique_ptr<OptimizerRule> make_optimizer_rule(const std::string& name, const Arguments& arguments) {
    static const std::map<std::string, std::unique_ptr<OptimizerRule> (*)(const Arguments&)> makers{
        {"adadelta", make_adadelta}, {"adagrad", make_adagrad}, {"adam", make_adam},   {"adamax", make_adamax},
        {"adamw", make_adamw},       {"asgd", make_asgd},       {"nadam", make_nadam}, {"radam", make_radam},
        {"rmsprop", make_rmsprop},   {"rprop", make_rprop},     {"sgd", make_sgd}};
    return makers.at(name)(arguments);
}

}  // namespace labhost
