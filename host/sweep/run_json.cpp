#include "sweep/run_json.hpp"

#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "plugin/stamp.hpp"
#include "record/fingerprint.hpp"
#include "support/machine.hpp"
#include "support/slurm_task.hpp"
#include "train/engine.hpp"
#include "train/used_gpu.hpp"

namespace labhost {

namespace {

Json provenance(const Plan& plan, const PlannedRun& run, const Device& device) {
    const TorchInfo torch = engine().torch_info();
    Json json{{"started", fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::now()))},
              {"host", host_name()},
              {"experiment_file", plan.file.native()},
              {"command", plan.command},
              {"git", plan.revision},
              {"labhost", host_stamp().field("sdk")},
              {"torch", fmt::format("{}+{}", torch.version, torch.build)},
              {"blas", torch.blas},
              {"cpu", processor_name()},
              {"device", device.text()},
              {"plugin",
               {{"file", run.plugin->file.native()},
                {"version", run.plugin->descriptor->version},
                {"sha256", run.plugin->sha256},
                {"stamp", run.plugin->stamp.summary()}}}};
    json.update(gpu_json(device));
    if (const auto task = own_slurm_task()) json["slurm"] = to_json(*task);
    return json;
}

}  // namespace

Json gpu_json(const Device& device) { return device.cuda ? used_gpu(survey_gpus(), device) : Json::object(); }

Json run_json(const Plan& plan, const PlannedRun& run, const Device& device) {
    const RunSettings& settings = run.settings;
    Json json{{"schema", 1},
              {"experiment", plan.experiment},
              {"id", settings.id},
              {"model", settings.model},
              {"params", to_json(run.params)},
              {"trainer", to_json(settings.trainer)},
              {"data", to_json(settings.data)},
              {"seed", settings.seed},
              {"fingerprint", run.fingerprint},
              {"prefix", run.prefix},
              {"fingerprint_of", fingerprint_inputs(settings, *run.plugin, run.params, *run.dataset, run.device)},
              {"provenance", provenance(plan, run, device)}};
    if (const Json reference = to_json(settings.reference); !reference.empty()) json["reference"] = reference;
    if (!run.dataset->classes.empty()) json["classes"] = run.dataset->classes;
    if (!run.dataset->left_out.empty()) json["left_out"] = run.dataset->left_out;
    return json;
}

}  // namespace labhost
