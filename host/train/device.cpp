#include "train/device.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "plugin/stamp.hpp"
#include "support/child.hpp"
#include "support/error.hpp"
#include "train/engine.hpp"

namespace labhost {

namespace {

/// Asked in a child: CUDA, once initialised, does not survive the fork that makes a worker.
int count_gpus() {
    if (host_stamp().field("build") == "cpu") return 0;
    const Engine& torch = engine();
    int count = 0;
    run_in_child([&](const Outbox& outbox) { outbox.send(std::to_string(torch.gpu_count())); },
                 {.on_message = [&](std::string_view text) { count = std::atoi(std::string(text).c_str()); }});
    return count;
}

}  // namespace

int gpu_count() {
    static const int count = count_gpus();
    return count;
}

const GpuSurvey& survey_gpus() {
    static const GpuSurvey survey{.gpus = std::vector<Gpu>(static_cast<std::size_t>(gpu_count()))};
    return survey;
}

std::string Device::text() const { return cuda ? fmt::format("cuda:{}", index) : "cpu"; }

Device resolve_device(const std::string& name) {
    if (name == "cpu") return {};
    const int count = gpu_count();
    if (name == "auto") return {.cuda = count > 0, .index = 0};
    if (count == 0)
        throw Error(ExitCode::unusable,
                    fmt::format("device '{}' was asked for, but LibTorch {}+{} sees no GPU here; use --device cpu, or "
                                "build labhost with a CUDA LibTorch (CMAKE_PREFIX_PATH) on a machine with a GPU",
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
