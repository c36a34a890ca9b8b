// The engine: what liblabhost_engine.so gives to the host.
#include <map>
#include <optional>
#include <string>

#include <dlfcn.h>
#include <fmt/format.h>
#include <labhost/abi.h>
#include <torch/torch.h>
#include <torch/version.h>

#include "engine/gpu_survey.hpp"
#include "engine/libtorch_errors.hpp"
#include "engine/model.hpp"
#include "engine/optimizer.hpp"
#include "engine/pickle.hpp"
#include "engine/process.hpp"
#include "engine/run_context.hpp"
#include "engine/trainer.hpp"
#include "plugin/loaded_torch.hpp"
#include "support/error.hpp"
#include "train/engine.hpp"

namespace caffe2 {
/// LibTorch's own, of <caffe2/core/common.h>, which Debian's package lacks: names and values of its build's settings.
/// Weak, so that a LibTorch without it can be loaded.
__attribute__((weak)) const std::map<std::string, std::string>& GetBuildOptions();
}  // namespace caffe2

namespace labhost {

namespace {

Layer layer_of(const std::string& name, const torch::nn::Module& module) {
    Layer layer{.name = name, .type = module.name()};
    const auto add = [&](const auto& tensors, bool trained) {
        for (const auto& item : tensors)
            layer.tensors.push_back({.name = item.key(), .shape = item.value().sizes().vec(), .trained = trained});
    };
    add(module.named_parameters(/*recurse=*/false), true);
    add(module.named_buffers(/*recurse=*/false), false);
    return layer;
}

/// What OpenBLAS says of itself, if that library is it or rests on it, else the library's path. Asked of that library
/// and what it needs: LAPACK may bring an OpenBLAS into the process that LibTorch does not multiply with.
std::string name_of_blas(const char* library) {
    using Config = const char* (*)();
    void* handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
    if (handle == nullptr) return library;
    const auto config = reinterpret_cast<Config>(dlsym(handle, "openblas_get_config"));
    std::string name = config != nullptr ? config() : library;
    dlclose(handle);
    return name;
}

class TorchEngine final : public Engine {
public:
    TorchInfo torch_info() const override {
        TorchInfo info{TORCH_VERSION, LABHOST_TEXT(LABHOST_TORCH_BUILD), ""};
        if (at::hasMKL()) {
            info.blas = "MKL";
        } else if (Dl_info where{}; dladdr(dlsym(RTLD_DEFAULT, "sgemm_"), &where) != 0) {
            info.blas = name_of_blas(where.dli_fname);
        }
        return info;
    }

    GpuSurvey survey_gpus() const override { return survey_gpus_of_torch(); }
    GpuMemory gpu_memory(const Device& device) const override {
        try {
            prepare_gpu_process({torch::kCUDA, static_cast<c10::DeviceIndex>(device.index)});
        } catch (const c10::Error& e) {
            const std::string words =
                fmt::format("LibTorch failed to start on {}: {}", device.text(), e.what_without_backtrace());
            if (const auto fault = gpu_fault_of(e, words)) throw *fault;
            throw Error(ExitCode::run_failed, words);
        }
        return memory_of_gpu(device.index);
    }
    bool gpu_can_be_shared() const override { return can_share_draws(); }

    std::unique_ptr<Trainer> make_trainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                                          const Dataset& dataset, const Device& device,
                                          const TrainerOptions& options) const override {
        return make_torch_trainer(run, plugin, params, dataset, device, options);
    }

    void check_fits_model(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params) const override {
        NamedTensors tensors;
        const bool starts_from_file = !run.trainer.init_from.empty();
        if (starts_from_file)
            placing_errors(run.trainer.init_from_where, [&] { tensors = unpickle_state_dict(run.trainer.init_from); });
        std::optional<PluginModel> model;
        try {
            model.emplace(plugin, params);
        } catch (const Error&) {
            return;
        }
        if (starts_from_file)
            placing_errors(run.trainer.init_from_where,
                           [&] { model->load_state_dict(tensors, run.trainer.init_from.native()); });
        check_groups(run.trainer.groups, model->module());
    }

    std::vector<Layer> layers(const Plugin& plugin, const ResolvedParams& params) const override {
        PluginModel model(plugin, params);
        std::vector<Layer> layers;
        for (const auto& item : model.module().named_modules("", /*include_self=*/true)) {
            Layer layer = layer_of(item.key(), *item.value());
            if (!item.key().empty() || !layer.tensors.empty()) layers.push_back(std::move(layer));
        }
        return layers;
    }
};

}  // namespace

}  // namespace labhost

extern "C" __attribute__((visibility("default"))) const labhost::Engine* labhost_engine() {
    static const labhost::TorchEngine engine;
    return &engine;
}

/// The first to be called. at::show_config() says the same, but where there is a GPU it initialises CUDA, which this
/// process's children could not use then.
extern "C" __attribute__((visibility("default"))) void labhost_loaded_torch(labhost::LoadedTorch& loaded) {
    if (&caffe2::GetBuildOptions == nullptr) return;
    const auto& options = caffe2::GetBuildOptions();
    const auto option = [&](const char* name) {
        const auto found = options.find(name);
        return found == options.end() ? std::string() : found->second;
    };
    loaded.version = option("TORCH_VERSION");
    loaded.cuda = option("CUDA_VERSION");
    if (Dl_info where{}; dladdr(reinterpret_cast<void*>(&caffe2::GetBuildOptions), &where) != 0)
        loaded.file = where.dli_fname;
}
