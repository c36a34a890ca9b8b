// A plugin's model behind the plugin boundary: built, run and inspected without exceptions crossing it.
#pragma once

#include <memory>

#include <labhost/model.hpp>

#include "engine/pickle.hpp"
#include "engine/state.hpp"
#include "plugin/params.hpp"
#include "plugin/plugin.hpp"

namespace labhost {

/// [worker | child]
class PluginModel final : public Stateful {
public:
    /// Draws the initial weights from the default generator. Throws Error (run_failed) with the plugin's words.
    PluginModel(const Plugin& plugin, const ResolvedParams& params);

    /// float32 [N, C, H, W] -> float32 [N, classes]. Throws Error (run_failed) if the plugin throws, or returns
    /// another shape or dtype than it declares.
    /// `autocast`: it computes under autocast, and may return bfloat16, which is made float32.
    torch::Tensor forward(const torch::Tensor& images, bool autocast = false);

    /// As forward, whatever type goes in and comes out. Throws Error (run_failed) if the plugin throws.
    torch::Tensor forward_unchecked(const torch::Tensor& input);

    /// The model's own loss of what forward gave: a float32 scalar. Only of a plugin that brings one. Throws Error
    /// (run_failed) if the plugin throws, or returns anything else.
    torch::Tensor loss(const torch::Tensor& output, const torch::Tensor& targets, const torch::Tensor& input);

    /// The same, whatever type it is of.
    torch::Tensor loss_unchecked(const torch::Tensor& output, const torch::Tensor& targets, const torch::Tensor& input);

    /// Whether it has recurrent layers with dropout. On a GPU cuDNN draws that, and LibTorch keeps the state of those
    /// draws for the whole process.
    bool has_dropout_of_cudnn() const;

    /// Columns of its output.
    std::int64_t width() const;

    std::string plugin_id() const { return plugin_->id(); }

    torch::nn::Module& module() { return *model_; }
    const torch::nn::Module& module() const { return *model_; }

    /// Parameters and buffers named and ordered as in Python's state_dict: of each module its parameters, its buffers,
    /// then its children. Tensors share memory with the model.
    NamedTensors state_dict() const;

    /// Copies the tensors into the model's own. Throws Error (usage), naming `source`, unless names and shapes agree.
    void load_state_dict(const NamedTensors& tensors, const std::string& source);

    /// The state_dict.
    void save(StateWriter state) const override;
    void load(const StateReader& state) override { load_state_dict(state.all(), state.source()); }

private:
    const Plugin* plugin_;
    std::shared_ptr<Model> model_;
};

}  // namespace labhost
