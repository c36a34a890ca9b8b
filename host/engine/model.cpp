#include "engine/model.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "plugin/describe.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

void append_state(const torch::nn::Module& module, const std::string& prefix, NamedTensors& state) {
    for (const auto& parameter : module.named_parameters(/*recurse=*/false))
        state.emplace_back(prefix + parameter.key(), parameter.value());
    for (const auto& buffer : module.named_buffers(/*recurse=*/false))
        state.emplace_back(prefix + buffer.key(), buffer.value());
    for (const auto& child : module.named_children()) append_state(*child.value(), prefix + child.key() + ".", state);
}

std::string shape_text(const torch::Tensor& tensor) { return fmt::format("[{}]", fmt::join(tensor.sizes(), ", ")); }

/// "float32 [64, 10]"
std::string described(const torch::Tensor& tensor) {
    return tensor.defined() ? fmt::format("{} {}", c10::toString(tensor.scalar_type()), shape_text(tensor)) : "nothing";
}

}  // namespace

PluginModel::PluginModel(const Plugin& plugin, const ResolvedParams& params) : plugin_(&plugin) {
    std::array<char, LABHOST_ERROR_SIZE> error{};
    const auto values = params.as_abi_values();
    if (plugin.descriptor->create(values.data(), &model_, error.data(), error.size()) != 0 || !model_)
        throw Error(ExitCode::run_failed,
                    fmt::format("plugin '{}' cannot build its model: {}", plugin.id(),
                                error[0] != '\0' ? error.data() : "it gave neither a model nor a reason"));
}

torch::Tensor PluginModel::forward_unchecked(const torch::Tensor& input) {
    std::array<char, LABHOST_ERROR_SIZE> error{};
    torch::Tensor output;
    if (plugin_->descriptor->forward(model_.get(), &input, &output, error.data(), error.size()) != 0)
        throw Error(ExitCode::run_failed,
                    fmt::format("plugin '{}' failed in forward: {}", plugin_->id(), error.data()));
    return output;
}

std::int64_t PluginModel::width() const {
    return std::max(plugin_->descriptor->classes, output_count(*plugin_->descriptor));
}

torch::Tensor PluginModel::forward(const torch::Tensor& images, bool autocast) {
    torch::Tensor output = forward_unchecked(images);
    if (autocast && output.defined() && output.scalar_type() == torch::kBFloat16) output = output.to(torch::kFloat32);
    const std::array<std::int64_t, 2> expected{images.size(0), width()};
    if (!output.defined() || output.scalar_type() != torch::kFloat32 || output.sizes() != torch::IntArrayRef(expected))
        throw Error(ExitCode::run_failed,
                    fmt::format("plugin '{}' returned {} from forward, but declares float32 [{}, {}]", plugin_->id(),
                                described(output), expected[0], expected[1]));
    return output;
}

torch::Tensor PluginModel::loss_unchecked(const torch::Tensor& output, const torch::Tensor& targets,
                                          const torch::Tensor& input) {
    std::array<char, LABHOST_ERROR_SIZE> error{};
    torch::Tensor loss;
    if (plugin_->descriptor->loss(model_.get(), &output, &targets, &input, &loss, error.data(), error.size()) != 0)
        throw Error(ExitCode::run_failed, fmt::format("plugin '{}' failed in loss: {}", plugin_->id(), error.data()));
    if (!loss.defined() || loss.dim() != 0)
        throw Error(ExitCode::run_failed,
                    fmt::format("plugin '{}' returned {} from loss; it is a scalar, the mean over the batch",
                                plugin_->id(), described(loss)));
    return loss;
}

torch::Tensor PluginModel::loss(const torch::Tensor& output, const torch::Tensor& targets, const torch::Tensor& input) {
    torch::Tensor loss = loss_unchecked(output, targets, input);
    if (loss.scalar_type() != torch::kFloat32 || loss.device() != output.device())
        throw Error(ExitCode::run_failed,
                    fmt::format("plugin '{}' returned {} on {} from loss; it is float32 [], where the output is",
                                plugin_->id(), described(loss), loss.device().str()));
    return loss;
}

bool PluginModel::has_dropout_of_cudnn() const {
    return std::ranges::any_of(model_->modules(/*include_self=*/true), [](const auto& part) {
        const auto drops = [](const auto* layer) { return layer != nullptr && layer->options.dropout() > 0.0; };
        return drops(part->template as<torch::nn::LSTMImpl>()) || drops(part->template as<torch::nn::GRUImpl>()) ||
               drops(part->template as<torch::nn::RNNImpl>());
    });
}

NamedTensors PluginModel::state_dict() const {
    NamedTensors state;
    append_state(*model_, "", state);
    return state;
}

void PluginModel::load_state_dict(const NamedTensors& tensors, const std::string& source) {
    const auto fail = [&](const std::string& what) {
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: does not fit plugin '{}': {}", source, plugin_->id(), what));
    };
    NamedTensors state = state_dict();
    std::vector<std::string> names;
    for (const auto& [name, tensor] : state) names.push_back(name);
    for (const auto& [name, tensor] : tensors)
        if (std::ranges::find(names, name) == names.end())
            fail(fmt::format("the model has no tensor '{}'{}", name, did_you_mean(name, names)));
    const torch::NoGradGuard no_grad;
    for (auto& [name, target] : state) {
        const auto found = std::ranges::find(tensors, name, &NamedTensors::value_type::first);
        if (found == tensors.end()) fail(fmt::format("the file has no tensor '{}'", name));
        if (found->second.sizes() != target.sizes())
            fail(fmt::format("'{}' has the shape {} in the file, {} in the model", name, shape_text(found->second),
                             shape_text(target)));
        target.copy_(found->second);
    }
}

void PluginModel::save(StateWriter state) const {
    for (const auto& [name, tensor] : state_dict()) state.tensor(name, tensor);
}

}  // namespace labhost
