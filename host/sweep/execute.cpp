#include "sweep/execute.hpp"

#include <array>
#include <chrono>
#include <exception>
#include <fstream>
#include <string>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "plugin/stamp.hpp"
#include "support/error.hpp"
#include "support/signals.hpp"

namespace labhost {

namespace {

/// The processor's name, as Linux tells it; "" where it does not.
std::string cpu_model() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name") && line.find(": ") != std::string::npos)
            return line.substr(line.find(": ") + 2);
    return "";
}

Json provenance(const PlannedRun& run) {
    const TorchInfo torch = torch_info();
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return {{"started", fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::now()))},
            {"host", host.data()},
            {"labhost", host_stamp().field("sdk")},
            {"torch", fmt::format("{}+{}", torch.version, torch.build)},
            {"blas", torch.blas},
            {"cpu", cpu_model()},
            {"device", run.device.text()},
            {"plugin",
             {{"file", run.plugin->file.native()},
              {"version", run.plugin->descriptor->version},
              {"sha256", run.plugin->sha256},
              {"stamp", run.plugin->stamp.summary()}}}};
}

Json run_json(const Plan& plan, const PlannedRun& run) {
    const RunSettings& settings = run.settings;
    return {{"schema", 1},
            {"experiment", plan.experiment},
            {"id", settings.id},
            {"model", settings.model},
            {"params", to_json(run.params)},
            {"trainer", to_json(settings.trainer)},
            {"data", to_json(settings.data)},
            {"seed", settings.seed},
            {"fingerprint", run.fingerprint},
            {"fingerprint_of", run.fingerprint_inputs},
            {"provenance", provenance(run)}};
}

/// Trains the run to its end; the result is not recorded yet. A plugin's failure ends up in the result.
Result train(const PlannedRun& run, RunFolder& folder, SweepObserver& observer) {
    Result result;
    const auto start = std::chrono::steady_clock::now();
    try {
        Trainer trainer(run.settings, *run.plugin, run.params, *run.dataset, run.device);
        for (std::int64_t epoch = 1; epoch <= run.settings.trainer.epochs; ++epoch) {
            result.final = trainer.run_epoch([&](const Progress& progress) {
                observer.progressed(progress);
                StopSignals::check();
            });
            folder.append(*result.final);
            observer.epoch_finished(*result.final);
        }
        folder.write_model(trainer.state_dict());
        result.finished = true;
    } catch (const StorageError&) {
        throw;
    } catch (const StopError&) {
        throw;
    } catch (const std::exception& e) {
        result.reason = e.what();
    }
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

}  // namespace

void execute(Plan& plan, bool force, SweepObserver& observer) {
    const StopSignals signals;
    std::size_t index = 0;
    for (PlannedRun& run : plan.runs) {
        StopSignals::check();
        ++index;
        const bool was_finished = run.status == RunStatus::finished && !force;
        if (!was_finished) {
            observer.run_started(run, index, plan.runs.size());
            RunFolder folder(run.folder, run_json(plan, run));
            run.result = train(run, folder, observer);
            run.result->fingerprint = run.fingerprint;
            folder.close(*run.result);
            run.status = run.result->finished ? RunStatus::finished : RunStatus::failed;
        }
        observer.run_ended(run, was_finished);
    }
}

}  // namespace labhost
