#include "train/used_gpu.hpp"

#include <fmt/format.h>

#include "support/text.hpp"

namespace labhost {

namespace {

Json object_from(const std::string& text) {
    Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    return json.is_object() ? json : Json::object();
}

/// "GPU 'NVIDIA H200' with cuDNN 9.12.0"
std::string name_of(const Json& gpu) {
    const std::string cudnn = text_at(gpu, "cudnn");
    return printable(
        fmt::format("GPU '{}' {}", text_at(gpu, "gpu"), cudnn.empty() ? "without cuDNN" : "with cuDNN " + cudnn));
}

}  // namespace

Json used_gpu(const GpuSurvey& survey, const Device& device) {
    if (!device.cuda) return Json::object();
    const auto index = static_cast<std::size_t>(device.index);
    return {{"gpu", index < survey.gpus.size() ? survey.gpus[index].name : ""},
            {"gpu_driver", survey.driver},
            {"cudnn", survey.cudnn},
            {"cublas", survey.cublas}};
}

std::string why_not_on_this_gpu(const std::string& then, const std::string& now) {
    if (then.empty() && now.empty()) return "";
    if (now.empty()) return fmt::format("was made on {}, and this run is on a CPU", name_of(object_from(then)));
    const Json made_on = object_from(then);
    const Json here = object_from(now);
    if (text_at(made_on, "gpu").empty())
        return fmt::format("does not say on which GPU it was made; this is {}", name_of(here));
    for (const char* key : {"gpu", "cudnn"})
        if (text_at(made_on, key) != text_at(here, key))
            return fmt::format("was made on {}, and gives other numbers here, on {}", name_of(made_on), name_of(here));
    return "";
}

}  // namespace labhost
