#include "train/device.hpp"

#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

#include "plugin/stamp.hpp"
#include "support/error.hpp"
#include "train/engine.hpp"
#include "train/gpu_words.hpp"
#include "train/torch_info.hpp"

namespace labhost {

namespace {

/// Longer than a machine with eight GPUs and no persistence daemon takes to start its driver (half a minute).
constexpr std::chrono::seconds patience{60};

/// Whether an engine that is not LibTorch's computes here, which has devices of its own. What the engine is, is
/// remembered.
bool engine_is_anothers() {
    try {
        return !is_build_of_torch(engine_build());
    } catch (const Error&) {  // it cannot be loaded, which whoever needs it will say
        return false;
    }
}

GpuSurvey ask_for_gpus() {
    if (!engine_is_anothers()) {
        const std::string sign = sign_of_gpu();
        if (sign.empty()) return {};
        const std::string why_not =
            why_not_to_ask(sign, host_stamp().field("build"), std::getenv("CUDA_VISIBLE_DEVICES"));
        if (!why_not.empty()) return {.why_none = why_not};
    }
    const Engine& torch = engine();  // loaded here, so that children find it in memory
    return survey_in_child([&] { return torch.survey_gpus(); }, patience);
}

GpuSurvey survey_with_driver() {
    GpuSurvey survey = ask_for_gpus();
    survey.driver = kernel_driver();
    return survey;
}

}  // namespace

const GpuSurvey& survey_gpus() {
    static const GpuSurvey survey = survey_with_driver();
    return survey;
}

int gpu_count() { return static_cast<int>(survey_gpus().gpus.size()); }

std::string Device::text() const { return cuda ? fmt::format("cuda:{}", index) : "cpu"; }

Device resolve_device(const std::string& name) {
    if (name == "cpu") return {};
    const int count = gpu_count();
    if (name == "auto") return {.cuda = count > 0, .index = 0};
    if (const std::string& why = survey_gpus().why_none; count == 0 && !why.empty())
        throw Error(ExitCode::unusable,
                    fmt::format("device '{}' was asked for, but the GPU here cannot be used: {}", name, why));
    if (count == 0)
        throw Error(ExitCode::unusable,
                    fmt::format("device '{}' was asked for, but LibTorch {}+{} sees no GPU here; use --device cpu, or "
                                "build labhost with a CUDA LibTorch (make TORCH=pip) on a machine with a GPU",
                                name, host_stamp().field("torch"), host_stamp().field("build")));
    const int index = name.starts_with("cuda:") ? std::stoi(name.substr(5)) : 0;
    if (index >= count)
        throw Error(ExitCode::unusable,
                    fmt::format("device '{}' was asked for, but this machine has {} GPU{}: cuda:0{}", name, count,
                                count == 1 ? "" : "s", count == 1 ? "" : fmt::format(" to cuda:{}", count - 1)));
    return {.cuda = true, .index = index};
}

Device device_elsewhere(const std::string& name, bool has_gpu) {
    if (name == "cpu" || (name == "auto" && !has_gpu)) return {};
    return {.cuda = true, .index = name.starts_with("cuda:") ? std::stoi(name.substr(5)) : 0};
}

}  // namespace labhost
