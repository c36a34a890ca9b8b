#include "engine/optimizer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>
#include <torch/version.h>

#include "support/text.hpp"

namespace labhost {

namespace {

constexpr bool zero_grad_leaves_zeros = TORCH_VERSION_MAJOR < 2;

}  // namespace

void check_groups(const std::vector<ParameterGroup>& groups, const torch::nn::Module& module) {
    if (groups.empty()) return;
    const std::vector<std::string> names = module.named_parameters().keys();
    for (const ParameterGroup& group : groups)
        if (std::ranges::none_of(names, [&](const std::string& name) { return glob_matches(group.match, name); }))
            fail_at(group.where, fmt::format("trainer.groups: '{}' matches no parameter{}; there are {}", group.match,
                                             did_you_mean(group.match, names), join(names)));
}

Optimizer::Optimizer(const torch::nn::Module& module, const TrainerSettings& settings, StepKind kind) : kind_(kind) {
    std::vector<std::string> names;
    for (const auto& item : module.named_parameters()) {
        names.push_back(item.key());
        tensors_.push_back(item.value());
        parameters_.push_back({.tensor = item.value()});
    }
    check_groups(settings.groups, module);
    add_groups(names, settings);
}

void Optimizer::add_groups(const std::vector<std::string>& names, const TrainerSettings& settings) {
    const std::string& name = settings.optimizer.algorithm().name;
    groups_.push_back({make_optimizer_rule(name, settings.optimizer.arguments()), {}});
    for (const ParameterGroup& group : settings.groups)
        groups_.push_back({make_optimizer_rule(name, arguments_of(settings.optimizer, group)), {}});
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto matches = [&](const ParameterGroup& group) { return glob_matches(group.match, names[i]); };
        const auto found = std::ranges::find_if(settings.groups, matches);
        const auto which = found == settings.groups.end() ? 0 : found - settings.groups.begin() + 1;
        groups_[static_cast<std::size_t>(which)].members.push_back(i);
    }
}

void Optimizer::zero_grad() {
    for (torch::Tensor& tensor : tensors_) {
        torch::Tensor& gradient = tensor.mutable_grad();
        if (!gradient.defined()) continue;
        if constexpr (zero_grad_leaves_zeros)
            gradient = gradient.detach().zero_();
        else
            gradient.reset();
    }
}

/// Undefined where the parameter stays as it is.
torch::Tensor Optimizer::take_gradient(OptimizedParameter& parameter) const {
    torch::Tensor gradient = parameter.tensor.grad();
    if (kind_ == StepKind::fused && parameter.tensor.is_cpu()) {
        parameter.tensor.mutable_grad().reset();
        const bool had_one = parameter.step > 0.0F || !parameter.buffers.empty();
        if (!gradient.defined() && had_one && zero_grad_leaves_zeros) gradient = torch::zeros_like(parameter.tensor);
    }
    return gradient;
}

void Optimizer::step() {
    const torch::NoGradGuard no_grad;
    for (Group& group : groups_) {
        std::vector<OptimizedParameter*> stepped;
        std::vector<torch::Tensor> gradients;
        for (const std::size_t member : group.members) {
            torch::Tensor gradient = take_gradient(parameters_[member]);
            if (!gradient.defined()) continue;
            stepped.push_back(&parameters_[member]);
            gradients.push_back(std::move(gradient));
        }
        group.rule->step_all(stepped, gradients, kind_ == StepKind::fused);
    }
}

std::vector<GroupRates> Optimizer::rates() const {
    std::vector<GroupRates> rates;
    for (const Group& group : groups_) rates.push_back(group.rule->rates);
    return rates;
}

void Optimizer::set_rates(std::span<const GroupRates> rates) {
    for (std::size_t i = 0; i < groups_.size(); ++i) groups_[i].rule->rates = rates[i];
}

std::vector<torch::Tensor> Optimizer::gradients() const {
    std::vector<torch::Tensor> gradients;
    for (const torch::Tensor& tensor : tensors_)
        if (tensor.grad().defined()) gradients.push_back(tensor.grad());
    return gradients;
}

void Optimizer::save(StateWriter state) const {
    std::vector<std::int64_t> has_gradient;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        const OptimizedParameter& parameter = parameters_[i];
        StateWriter of = state.under(fmt::format("{}", i));
        for (const auto& [name, buffer] : parameter.buffers) of.under("buffers").tensor(name, buffer);
        for (const auto& [name, value] : parameter.scalars) of.under("scalars").real(name, value);
        if (parameter.step != 0.0F) of.real("step", parameter.step);
        has_gradient.push_back(parameter.tensor.grad().defined() ? 1 : 0);
    }
    state.integers("has_gradient", has_gradient);
    std::vector<double> lr;
    std::vector<double> momentum;
    for (const GroupRates& rates : rates()) {
        lr.push_back(rates.lr);
        momentum.push_back(rates.momentum);
    }
    state.reals("lr", lr);
    state.reals("momentum_now", momentum);
}

void Optimizer::load(const StateReader& state) {
    const auto has_gradient = state.integers("has_gradient", static_cast<std::int64_t>(parameters_.size()));
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        OptimizedParameter& parameter = parameters_[i];
        // Zero, as the next step makes it; whether it is there decides between adding to it and taking its place.
        if (has_gradient[i] != 0) parameter.tensor.mutable_grad() = torch::zeros_like(parameter.tensor);
        const auto take = [&](const StateReader& from, const std::string& name, const std::string& as) {
            parameter.buffers[as] = from.tensor(name, parameter.tensor.scalar_type(), parameter.tensor.sizes())
                                        .to(parameter.tensor.device());
        };
        const StateReader of = state.under(fmt::format("{}", i));
        for (const auto& [name, tensor] : of.under("buffers").all()) take(of.under("buffers"), name, name);
        for (const auto& [name, tensor] : of.under("scalars").all())
            parameter.scalars[name] = static_cast<float>(of.under("scalars").real(name));
        if (of.has("step")) parameter.step = static_cast<float>(of.real("step"));
        // Of a checkpoint from before there were other optimizers than SGD.
        if (const std::string name = fmt::format("momentum.{}", i); state.has(name))
            take(state, name, "momentum_buffer");
    }
    if (!state.has("lr")) return;
    const auto count = static_cast<std::int64_t>(groups_.size());
    const auto lr = state.reals("lr", count);
    const auto momentum = state.reals("momentum_now", count);
    for (std::size_t i = 0; i < groups_.size(); ++i) groups_[i].rule->rates = {lr[i], momentum[i]};
}

}  // namespace labhost
