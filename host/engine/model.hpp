// A plugin's model behind the plugin boundary: built, run and inspected without exceptions crossing it.
#pragma once

#include <memory>

#include <labhost/model.hpp>

#include "engine/pickle.hpp"
#include "plugin/params.hpp"
#include "plugin/plugin.hpp"

namespace labhost {

class PluginModel {
public:
    /// Draws the initial weights from the default generator. Throws Error (run_failed) with the plugin's words.
    PluginModel(const Plugin& plugin, const ResolvedParams& params);

    /// float32 [N, C, H, W] -> float32 [N, classes]. Throws Error (run_failed) if the plugin throws, or returns
    /// another shape or dtype than it declares.
    /// `autocast`: it computes under autocast, and may return bfloat16, which is made float32.
    torch::Tensor forward(const torch::Tensor& images, bool autocast = false);

    /// As forward, whatever type goes in and comes out. Throws Error (run_failed) if the plugin throws.
    torch::Tensor forward_unchecked(const torch::Tensor& input);

    std::string plugin_id() const { return plugin_->id(); }

    torch::nn::Module& module() { return *model_; }
    const torch::nn::Module& module() const { return *model_; }

    /// Parameters and buffers named and ordered as in Python's state_dict: of each module its parameters, its buffers,
    /// then its children. Tensors share memory with the model.
    NamedTensors state_dict() const;

    /// Copies the tensors into the model's own. Throws Error (usage), naming `source`, unless names and shapes agree.
    void load_state_dict(const NamedTensors& tensors, const std::string& source);

private:
    const Plugin* plugin_;
    std::shared_ptr<Model> model_;
};

}  // namespace labhost
