// All of the host that needs LibTorch, behind one interface, loaded when first needed. The tags say in which kind of
// process a function may be called: see support/child.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "data/dataset.hpp"
#include "plugin/params.hpp"
#include "plugin/plugin.hpp"
#include "train/device.hpp"
#include "train/torch_info.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// A module of a model that holds tensors of its own.
struct Layer {
    struct Tensor {
        std::string name{};  ///< "weight"
        std::vector<std::int64_t> shape{};
        bool trained = false;  ///< a parameter, not a buffer
    };
    std::string name{};  ///< "conv1", "block.0.conv"
    std::string type{};  ///< "torch::nn::Conv2dImpl"
    std::vector<Tensor> tensors{};
};

/// How a run is trained, apart from what it computes.
struct TrainerOptions {
    bool graphs = true;      ///< on a GPU, steps are captured as CUDA graphs where LibTorch can
    bool colocated = false;  ///< one of several trainers in this process, of the same device and TrainerSettings
    std::string gpu{};       ///< what its checkpoints say of the GPU (used_gpu); "" on a CPU
};

/// Most of it is not for the supervisor: what LibTorch does (threads, CUDA) does not survive a fork, and a plugin's
/// code may end its process.
class Engine {
public:
    Engine() = default;
    virtual ~Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    Engine(Engine&&) = delete;
    Engine& operator=(Engine&&) = delete;

    /// Of the LibTorch in this process; see torch_info() for what can be had without loading it.
    virtual TorchInfo torch_info() const = 0;

    /// [child] Initialises CUDA in this process; see survey_gpus() for what can be had without.
    virtual GpuSurvey survey_gpus() const = 0;

    /// [worker] The GPU's memory now. Initialises CUDA in this process. Throws GpuFault.
    virtual GpuMemory gpu_memory(const Device& device) const = 0;

    /// Whether several trainers can share a GPU in one process: LibTorch 2.4 or later.
    virtual bool gpu_can_be_shared() const = 0;

    /// [worker | child] Builds the model and the state of its training. Plugin and data set must outlive the trainer.
    /// Throws Error (run_failed) with the plugin's own words if the model cannot be built, Error (usage) if init_from
    /// does not fit.
    virtual std::unique_ptr<Trainer> make_trainer(const RunSettings& run, const Plugin& plugin,
                                                  const ResolvedParams& params, const Dataset& dataset,
                                                  const Device& device, const TrainerOptions& options) const = 0;

    /// [child] Refuses settings that do not fit the model, an init_from that cannot be read or does not fit, groups
    /// that match no parameter: throws Error (usage). A model that cannot be built is left to its run to report.
    virtual void check_fits_model(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params) const = 0;

    /// [child] The model's modules, in the order of its state_dict. Throws Error (run_failed) if it cannot be built.
    virtual std::vector<Layer> layers(const Plugin& plugin, const ResolvedParams& params) const = 0;
};

/// The engine of this process. The supervisor loads it before it forks, so that it is in every worker's memory. Throws
/// Error (unusable) if its library cannot be loaded.
const Engine& engine();

}  // namespace labhost
