#include "train/gpu_words.hpp"

#include <algorithm>
#include <array>
#include <exception>

#include <fmt/format.h>

#include "support/files.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

bool is_version(std::string_view word) {
    return word.find('.') != std::string_view::npos && is_digit(word.front()) &&
           std::ranges::all_of(word, [](char c) { return c == '.' || is_digit(c); });
}

std::string or_unknown(const std::string& version) { return version.empty() ? "of unknown version" : version; }

/// "11.8" is "11".
std::string major_of(const std::string& version) { return version.substr(0, version.find('.')); }

/// What is known of a fault by the words that CUDA and LibTorch (c10/cuda/CUDAFunctions.cpp) have for it.
struct Fault {
    std::string_view sign;
    std::string_view meaning;
};

constexpr std::array faults{
    Fault{"Found no NVIDIA driver",
          "there is no libcuda.so.1 of an NVIDIA driver, or no driver behind it; install the driver of this machine's "
          "GPU, and start a "
          "container with it (docker run --gpus all)"},
    Fault{"system not yet initialized",
          "the driver waits for the fabric manager, which GPUs with NVSwitch need; start it (systemctl start "
          "nvidia-fabricmanager), of "
          "the driver's own version"},
    Fault{"unsupported display driver",
          "the driver's library and its kernel module are of two versions, as after an update; restart the machine"},
    Fault{"forward compatibility was attempted",
          "a compatibility library of a newer CUDA (cuda-compat) is found before the driver's own and does not go with "
          "this GPU; take it "
          "out of LD_LIBRARY_PATH"},
    Fault{"driver initialization failed",
          "the driver does not start; `nvidia-smi` and `dmesg` say more, and restarting the machine may help"},
    Fault{"CUDA unknown error",
          "as after the machine slept, or where the kernel module nvidia_uvm is not loaded; load it again (sudo "
          "modprobe -r nvidia_uvm; sudo "
          "modprobe nvidia_uvm), or restart the machine"},
    Fault{"out of memory",
          "memory ran out, the GPU's or what this process may have (ulimit -v); `nvidia-smi` shows who has the GPU's"},
    Fault{"busy or unavailable", "another process has the GPU for itself; `nvidia-smi` shows which"},
};

std::string meaning_of(std::string_view words, const GpuSurvey& survey, const char* visible_devices) {
    if (words.find("is too old") != std::string_view::npos)
        return fmt::format(
            "the NVIDIA driver {} can do CUDA up to {}, and this LibTorch needs {}; update the driver, or build "
            "labhost with a "
            "LibTorch for CUDA {}",
            or_unknown(survey.driver), survey.cuda_driver.empty() ? "an older one" : survey.cuda_driver,
            survey.runtime.empty() ? "a newer one" : survey.runtime,
            survey.cuda_driver.empty() ? "as old" : major_of(survey.cuda_driver));
    if (words.find("No CUDA GPUs are available") != std::string_view::npos)
        return visible_devices != nullptr
                   ? fmt::format(
                         "the driver shows none of CUDA_VISIBLE_DEVICES={}; `nvidia-smi -L` lists what it may name",
                         printable(visible_devices))
                   : "the driver shows none to this process; `nvidia-smi -L` lists those that there are, and a "
                     "cluster's task or a container "
                     "must ask for one (--gres=gpu:1, --gpus all)";
    const auto fault = std::ranges::find_if(
        faults, [&](const Fault& known) { return words.find(known.sign) != std::string_view::npos; });
    return std::string(fault != faults.end() ? fault->meaning
                                             : "CUDA does not start; `nvidia-smi` and `dmesg` may say more");
}

}  // namespace

std::string sign_of_gpu() {
    if (const char* file = "/dev/nvidiactl"; file_exists(file)) return file;
    if (const char* file = "/dev/dxg"; file_exists(file) && file_exists("/usr/lib/wsl/lib/libcuda.so.1")) return file;
    return "";
}

std::string kernel_driver() {
    const char* file = "/proc/driver/nvidia/version";
    return file_exists(file) ? kernel_driver_version(read_file(file)) : "";
}

std::string kernel_driver_version(std::string_view proc_text) {
    constexpr std::string_view start = "NVRM version:";
    for (const std::string& line : split(proc_text, '\n')) {
        if (!line.starts_with(start)) continue;
        const auto words = split(line, ' ');
        const auto version = std::ranges::find_if(words, is_version);
        if (version != words.end()) return *version;
    }
    return "";
}

std::string cuda_version_text(int version) {
    return version <= 0 ? "" : fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string cudnn_version_text(long version) {
    if (version <= 0) return "";
    const long major = version >= 90000 ? 10000 : 1000;
    return fmt::format("{}.{}.{}", version / major, version % major / 100, version % 100);
}

bool is_build_of_torch(std::string_view build) {
    return build == "cpu" || build.starts_with("cu") || build.starts_with("rocm") || build.starts_with("hip") ||
           build.starts_with("xpu");
}

std::string why_not_to_ask(const std::string& sign, const std::string& build, const char* visible_devices) {
    if (build == "cpu")
        return fmt::format(
            "this labhost's LibTorch is a CPU build, and a GPU is here ({}); build labhost with a LibTorch for CUDA "
            "(make TORCH=pip)",
            sign);
    if (visible_devices == nullptr) return "";
    const std::string_view visible = visible_devices;
    // CUDA looks no further than the first that names no GPU.
    if (visible.empty() || visible == "-1" || visible.starts_with("-1,"))
        return fmt::format(
            "CUDA_VISIBLE_DEVICES is '{}', which hides all GPUs; unset it, or name one (CUDA_VISIBLE_DEVICES=0)",
            printable(visible));
    return "";
}

std::string why_no_gpu(std::string_view words, const GpuSurvey& survey, const char* visible_devices) {
    return fmt::format("{} (LibTorch's words: {})", meaning_of(words, survey, visible_devices),
                       printable(one_line(words)));
}

std::string why_no_answer(const ChildEnd& end) {
    return fmt::format(
        "asking LibTorch for GPUs {}; see whether `nvidia-smi` answers, else restart the machine's driver, or use "
        "--device cpu",
        printable(end.text()));
}

Json to_json(const GpuSurvey& survey) {
    Json gpus = Json::array();
    for (const Gpu& gpu : survey.gpus)
        gpus.push_back({{"name", gpu.name}, {"capability", gpu.capability}, {"memory", gpu.memory}});
    return {{"gpus", gpus},
            {"why_none", survey.why_none},
            {"driver", survey.driver},
            {"cuda_driver", survey.cuda_driver},
            {"runtime", survey.runtime},
            {"cudnn", survey.cudnn},
            {"cublas", survey.cublas}};
}

GpuSurvey survey_from(const Json& json) {
    GpuSurvey survey{.why_none = json.at("why_none"),
                     .driver = json.at("driver"),
                     .cuda_driver = json.at("cuda_driver"),
                     .runtime = json.at("runtime"),
                     .cudnn = json.at("cudnn"),
                     .cublas = json.at("cublas")};
    for (const Json& gpu : json.at("gpus"))
        survey.gpus.push_back({.name = gpu.at("name"), .capability = gpu.at("capability"), .memory = gpu.at("memory")});
    return survey;
}

GpuSurvey survey_in_child(const std::function<GpuSurvey()>& ask, std::chrono::milliseconds limit) {
    const auto body = [&](const Outbox& outbox) {
        GpuSurvey survey;
        try {
            survey = ask();
        } catch (const std::exception& e) {
            survey.why_none = printable(one_line(e.what()));
        }
        outbox.send(to_text(to_json(survey)));
    };
    std::optional<GpuSurvey> heard;
    const ChildEnd end = run_in_child(
        body, {.limit = limit, .on_message = [&](std::string_view text) { heard = survey_from(Json::parse(text)); }});
    return heard ? *std::move(heard) : GpuSurvey{.why_none = why_no_answer(end)};
}

}  // namespace labhost
