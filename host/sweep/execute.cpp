#include "sweep/execute.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <exception>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "plugin/stamp.hpp"
#include "support/child.hpp"
#include "support/error.hpp"
#include "support/signals.hpp"
#include "train/engine.hpp"

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
    const TorchInfo torch = engine().torch_info();
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

/// What a worker says: a letter, then the value's bytes or a text.
namespace message {
constexpr char progress = 'P';
constexpr char epoch = 'E';
constexpr char finished = 'F';
constexpr char failed = 'X';         ///< the reason
constexpr char storage_fault = 'S';  ///< the message of a StorageError

template <class Value>
std::string pack(char kind, const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    std::string text(1 + sizeof value, kind);
    std::memcpy(text.data() + 1, &value, sizeof value);
    return text;
}

template <class Value>
Value unpack(std::string_view text) {
    Value value{};
    std::memcpy(&value, text.data() + 1, sizeof value);
    return value;
}
}  // namespace message

/// The worker's part: trains the run to its end and leaves metrics, log and weights in its folder.
void work(const PlannedRun& run, RunFolder& folder, const Outbox& outbox) {
    try {
        const Plugin plugin = load_plugin(*run.plugin);
        const auto trainer = engine().make_trainer(run.settings, plugin, run.params, *run.dataset, run.device);
        for (std::int64_t epoch = 1; epoch <= run.settings.trainer.epochs; ++epoch) {
            const EpochMetrics metrics = trainer->run_epoch(
                [&](const Progress& progress) { outbox.send(message::pack(message::progress, progress)); });
            folder.append(metrics);
            outbox.send(message::pack(message::epoch, metrics));
        }
        folder.write_model(trainer->state_dict());
        outbox.send({&message::finished, 1});
    } catch (const StorageError& e) {
        outbox.send(message::storage_fault + std::string(e.what()));
    } catch (const std::exception& e) {
        outbox.send(message::failed + std::string(e.what()));
    }
}

std::string place_of(const std::optional<Progress>& last) {
    if (!last) return "before its first batch";
    return fmt::format("in epoch {}, after {} batch {} of {}", last->epoch, last->testing ? "test" : "training",
                       last->batch, last->batches);
}

/// Trains the run in a worker process; the result is not recorded yet. Whatever the plugin does to its process ends up
/// as the reason in the result.
Result train(const PlannedRun& run, RunFolder& folder, SweepObserver& observer) {
    Result result;
    std::optional<Progress> last;
    bool over = false;
    const auto on_message = [&](std::string_view text) {
        const std::string words(text.substr(1));
        switch (text.front()) {
            case message::progress:
                last = message::unpack<Progress>(text);
                observer.progressed(*last);
                break;
            case message::epoch:
                result.final = message::unpack<EpochMetrics>(text);
                observer.epoch_finished(*result.final);
                break;
            case message::storage_fault: throw StorageError(words);
            default:
                over = true;
                result.finished = text.front() == message::finished;
                result.reason = words;
        }
    };
    const auto start = std::chrono::steady_clock::now();
    const ChildEnd end = run_in_child([&](const Outbox& outbox) { work(run, folder, outbox); },
                                      {.capture_output = false, .on_message = on_message});
    if (!over) result.reason = fmt::format("plugin '{}' {} {}", run.plugin->id(), end.text(), place_of(last));
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
