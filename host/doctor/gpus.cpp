#include "doctor/gpus.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "doctor/ask.hpp"
#include "doctor/gpu_match.hpp"
#include "plugin/stamp.hpp"
#include "support/text.hpp"
#include "train/gpu_words.hpp"

namespace labhost {

namespace {

constexpr std::chrono::seconds survey_limit{90};  // it gives its own child 60
constexpr const char* control_file = "/dev/nvidiactl";

/// "NVIDIA H100, 2 x NVIDIA A100"
template <class Gpus>
std::string names_of(const Gpus& gpus) {
    std::map<std::string, int> counts;
    for (const auto& gpu : gpus) ++counts[gpu.name];
    std::vector<std::string> names;
    for (const auto& [name, count] : counts) names.push_back(count == 1 ? name : fmt::format("{} x {}", count, name));
    return join(names);
}

bool hides_all(const std::optional<std::string>& visible) {
    return visible && (visible->empty() || visible->starts_with("-1") || *visible == "NoDevFiles");
}

/// Why LibTorch can use none, and what to do.
Finding reason_for_none(const GpuSituation& here) {
    Finding why{.name = "GPU", .status = Finding::Status::warning};
    const std::string listed =
        here.smi.gpus.empty() ? "" : fmt::format("nvidia-smi lists {}, but ", names_of(here.smi.gpus));
    if (!here.control_file && here.survey.why_none.empty()) {
        if (!here.smi.found)
            return {.name = "GPU", .says = fmt::format("none here: no {} and no nvidia-smi", control_file)};
        why.says = here.smi.gpus.empty()
                       ? fmt::format(
                             "nvidia-smi is here and lists none: {}; and there is no {}, by which programs reach "
                             "NVIDIA's driver",
                             here.smi.fault, control_file)
                       : fmt::format("{}there is no {}: no driver that a program could use", listed, control_file);
        why.remedy =
            std::string(here.smi.hung ? "see what nvidia-smi waits for (dmesg, ps); " : "") +
            "if there is a GPU: in a container, pass it in (docker run --gpus all, apptainer --nv); else load or "
            "install NVIDIA's "
            "driver (modprobe nvidia)";
    } else if (!here.survey.why_none.empty()) {
        why = finding_of("GPU", Finding::Status::warning, Error(ExitCode::unusable, here.survey.why_none));
        why.says = listed + why.says;
    } else if (!here.survey_fault.empty()) {
        why.says = fmt::format("{}LibTorch could not be asked: {}", listed, here.survey_fault);
        why.remedy = "see the line of LibTorch";
    } else if (here.torch.ends_with("+cpu")) {
        why.says = fmt::format("{}labhost is built with LibTorch {}, which has no CUDA",
                               listed.empty() ? "NVIDIA's driver is here, but " : listed, here.torch);
        why.remedy = "build labhost with a LibTorch that has CUDA: make build TORCH=pip";
    } else if (hides_all(here.visible)) {
        why.says = fmt::format("{}CUDA_VISIBLE_DEVICES={} hides every GPU", listed, *here.visible);
        why.remedy = "unset CUDA_VISIBLE_DEVICES, or name a GPU in it";
    } else {
        why.says = fmt::format("{}LibTorch {} can use none, and does not say why",
                               listed.empty() ? "NVIDIA's driver is here, but " : listed, here.torch);
        why.remedy = "try what Python says: python3 -c 'import torch; torch.cuda.init()'";
    }
    return why;
}

/// What else nvidia-smi has to say for itself.
std::string smi_text(const NvidiaSmi& smi) {
    if (!smi.found) return "no nvidia-smi, so that who uses it is not known";
    return smi.fault.empty() ? "" : fmt::format("nvidia-smi does not answer: {}", smi.fault);
}

std::string use_text(const ListedGpu& gpu, const std::vector<GpuProcess>& processes, Json& data) {
    std::vector<std::string> users;
    for (const GpuProcess& process : processes) {
        if (process.uuid != gpu.uuid) continue;
        users.push_back(fmt::format("{} (process {}{}, {})", process.program, process.id,
                                    process.user.empty() ? "" : " of " + process.user, size_text(process.memory)));
        data["processes"].push_back(
            {{"id", process.id}, {"program", process.program}, {"user", process.user}, {"memory", process.memory}});
    }
    return users.empty() ? "used by no process that nvidia-smi tells of" : "used by " + join(users);
}

/// Adds to a GPU's line what nvidia-smi tells of it.
void add_listed(Finding& finding, const ListedGpu& gpu, const std::vector<GpuProcess>& processes) {
    finding.data["uuid"] = gpu.uuid;
    finding.data["memory_used"] = gpu.memory_used;
    finding.data["utilization"] = gpu.utilization < 0 ? Json() : Json(gpu.utilization);
    finding.data["mig"] = gpu.mig;
    finding.data["compute_mode"] = gpu.compute_mode;
    finding.data["processes"] = Json::array();
    if (gpu.memory_used > 0) finding.says += fmt::format(", {} used", size_text(gpu.memory_used));
    if (gpu.utilization >= 0) finding.says += fmt::format(", {} % busy", gpu.utilization);
    if (gpu.mig == "Enabled") finding.says += ", MIG";
    if (!gpu.uuid.empty()) finding.says += ", " + use_text(gpu, processes, finding.data);
    std::vector<std::string> doubts;
    if (gpu.compute_mode == "Prohibited" || gpu.compute_mode.starts_with("Exclusive")) {
        doubts.push_back(gpu.compute_mode == "Prohibited"
                             ? "its compute mode is Prohibited: no process may compute on it"
                             : fmt::format("its compute mode is {}: one process at a time", gpu.compute_mode));
        finding.remedy =
            "have it set to Default (nvidia-smi -c DEFAULT, as root), or take another GPU with --device cuda:N";
    }
    if (gpu.memory > 0 && gpu.memory_used > gpu.memory / 2) {
        doubts.emplace_back("more than half of its memory is taken");
        finding.remedy = "wait for who uses it, or take another GPU with --device cuda:N";
    }
    if (doubts.empty()) return;
    finding.status = Finding::Status::warning;
    finding.says += "; " + join(doubts, "; ");
}

Finding usable_gpu(const GpuSituation& here, std::size_t index, const std::optional<std::size_t>& place) {
    const Gpu& gpu = here.survey.gpus[index];
    const std::uint64_t memory = gpu.memory > 0 || !place ? gpu.memory : here.smi.gpus[*place].memory;
    Finding finding{.name = fmt::format("GPU {}", index),
                    .says = fmt::format("{}, {}, compute capability {}, driver {}, {}",
                                        gpu.name.empty() ? "of unknown name" : gpu.name,
                                        memory > 0 ? size_text(memory) : "memory not known",
                                        gpu.capability.empty() ? "not known" : gpu.capability,
                                        here.survey.driver.empty() ? "not known" : here.survey.driver,
                                        index == 0 ? "auto takes it" : fmt::format("--device cuda:{} takes it", index)),
                    .data = {{"device", fmt::format("cuda:{}", index)},
                             {"gpu", gpu.name},
                             {"memory", memory},
                             {"capability", gpu.capability},
                             {"driver", here.survey.driver},
                             {"usable", true}}};
    if (place) add_listed(finding, here.smi.gpus[*place], here.smi.processes);
    return finding;
}

Finding unusable_gpu(const GpuSituation& here, const ListedGpu& gpu, const std::string& why) {
    Finding finding{.name = "GPU of nvidia-smi",
                    .says = fmt::format("{}, {}, compute capability {}, driver {}; {}", gpu.name,
                                        gpu.memory > 0 ? size_text(gpu.memory) : "memory not told",
                                        gpu.capability.empty() ? "not told" : gpu.capability,
                                        gpu.driver.empty() ? "not told" : gpu.driver, why),
                    .data = {{"gpu", gpu.name},
                             {"memory", gpu.memory},
                             {"capability", gpu.capability},
                             {"driver", gpu.driver},
                             {"usable", false}}};
    add_listed(finding, gpu, here.smi.processes);
    return finding;
}

Json common_data(const GpuSituation& here) {
    std::vector<std::string> listed;
    for (const ListedGpu& gpu : here.smi.gpus) listed.push_back(gpu.name);
    return {{"auto", here.survey.gpus.empty() ? "cpu" : "cuda:0"},
            {"usable", here.survey.gpus.size()},
            {"control_file", here.control_file},
            {"nvidia_smi", here.smi.found},
            {"nvidia_smi_fault", here.smi.fault},
            {"listed", listed},
            {"driver", here.survey.driver},
            {"cuda_driver", here.survey.cuda_driver},
            {"runtime", here.survey.runtime},
            {"cudnn", here.survey.cudnn},
            {"cublas", here.survey.cublas}};
}

Findings judge_none(const GpuSituation& here) {
    Finding none = reason_for_none(here);
    none.says += "; auto takes the CPU";
    if (none.status != Finding::Status::ok && !here.smi.fault.empty() &&
        none.says.find(here.smi.fault) == std::string::npos)
        none.says += fmt::format("; {}", smi_text(here.smi));
    none.data = common_data(here);
    Findings findings{none};
    if (here.control_file)
        for (const ListedGpu& gpu : here.smi.gpus)
            findings.push_back(unusable_gpu(here, gpu, "auto does not take it, for the reason above"));
    return findings;
}

/// "; driver 580.95.05 up to CUDA 13.0, runtime 13.0, cuDNN 9.12.0, cuBLAS 13.0.0", what of it is known.
std::string versions_text(const GpuSurvey& survey) {
    std::string text;
    const auto add = [&](const char* what, const std::string& version) {
        if (!version.empty()) text += fmt::format(", {} {}", what, version);
    };
    add("driver", survey.driver);
    add("which can do CUDA", survey.cuda_driver);
    add("runtime", survey.runtime);
    add("cuDNN", survey.cudnn);
    add("cuBLAS", survey.cublas);
    return text;
}

}  // namespace

Findings judge_gpus(const GpuSituation& here) {
    if (here.survey.gpus.empty()) return judge_none(here);
    const std::string asked = smi_text(here.smi);
    Finding all{.name = "GPU",
                .status = here.smi.found && !here.smi.fault.empty() ? Finding::Status::warning : Finding::Status::ok,
                .says = fmt::format("LibTorch can use {}; auto takes cuda:0{}{}", names_of(here.survey.gpus),
                                    versions_text(here.survey), asked.empty() ? "" : "; " + asked),
                .remedy = here.smi.found && !here.smi.fault.empty()
                              ? "look at dmesg: a driver that does not answer may stop at any time"
                              : "",
                .data = common_data(here)};
    Findings findings{all};
    const auto places = match_gpus(here.survey.gpus, here.smi.gpus, here.visible);
    for (std::size_t i = 0; i < places.size(); ++i) findings.push_back(usable_gpu(here, i, places[i]));
    const bool all_matched = std::ranges::all_of(places, [](const auto& place) { return place.has_value(); });
    for (std::size_t k = 0; k < here.smi.gpus.size(); ++k) {
        if (std::ranges::find(places, std::optional(k)) != places.end()) continue;
        if (all_matched && here.visible)
            findings.push_back(
                unusable_gpu(here, here.smi.gpus[k], fmt::format("hidden by CUDA_VISIBLE_DEVICES={}", *here.visible)));
        else
            findings.push_back(unusable_gpu(
                here, here.smi.gpus[k],
                all_matched ? "LibTorch does not use it" : "which of LibTorch's it is, if any, cannot be told"));
    }
    return findings;
}

Findings look_at_gpus(bool torch_loads) {
    GpuSituation here{.smi = ask_nvidia_smi(),
                      .control_file = !sign_of_gpu().empty(),
                      .torch = fmt::format("{}+{}", host_stamp().field("torch"), host_stamp().field("build"))};
    if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES"); visible != nullptr) here.visible = visible;
    if (!torch_loads) {
        here.survey_fault = "it cannot be loaded";
        return judge_gpus(here);
    }
    const Findings surveyed = look_in_child({.name = "GPU", .limit = survey_limit}, [](const Tell& tell) {
        tell({.name = "survey", .data = to_json(survey_gpus())});
    });
    for (const Finding& finding : surveyed) {
        if (finding.name == "survey")
            here.survey = survey_from(finding.data);
        else
            here.survey_fault = finding.says;
    }
    return judge_gpus(here);
}

}  // namespace labhost
