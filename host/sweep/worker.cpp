#include "sweep/worker.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <exception>
#include <fstream>
#include <memory>
#include <type_traits>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "plugin/stamp.hpp"
#include "record/fingerprint.hpp"
#include "support/error.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"
#include "train/engine.hpp"

namespace labhost {

namespace {

using Clock = std::chrono::steady_clock;

/// A message is a letter, then a value's bytes or a text.
namespace message {
constexpr char resumed = 'R';
constexpr char progress = 'P';
constexpr char epoch = 'E';
constexpr char warning = 'W';
constexpr char paused = 'Z';
constexpr char not_captured = 'G';
constexpr char finished = 'F';
constexpr char failed = 'X';
constexpr char storage_fault = 'S';

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
    if (text.size() == 1 + sizeof value) std::memcpy(&value, text.data() + 1, sizeof value);
    return value;
}
}  // namespace message

/// The processor's name, as Linux tells it; "" where it does not.
std::string cpu_model() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name") && line.find(": ") != std::string::npos)
            return line.substr(line.find(": ") + 2);
    return "";
}

Json provenance(const Plan& plan, const PlannedRun& run, const Device& device) {
    const TorchInfo torch = engine().torch_info();
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return {{"started", fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::now()))},
            {"host", host.data()},
            {"experiment_file", plan.file.native()},
            {"command", plan.command},
            {"git", plan.revision},
            {"labhost", host_stamp().field("sdk")},
            {"torch", fmt::format("{}+{}", torch.version, torch.build)},
            {"blas", torch.blas},
            {"cpu", cpu_model()},
            {"device", device.text()},
            {"plugin",
             {{"file", run.plugin->file.native()},
              {"version", run.plugin->descriptor->version},
              {"sha256", run.plugin->sha256},
              {"stamp", run.plugin->stamp.summary()}}}};
}

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
            {"fingerprint_of", fingerprint_inputs(settings, *run.plugin, run.params, *run.dataset, run.device)},
            {"provenance", provenance(plan, run, device)}};
    if (const Json reference = to_json(settings.reference); !reference.empty()) json["reference"] = reference;
    return json;
}

class Worker {
public:
    Worker(const Plan& plan, const PlannedRun& run, const WorkerOrders& orders, const Outbox& outbox)
        : plan_(plan), run_(run), orders_(orders), outbox_(outbox), folder_(run.folder) {}

    void train() {
        if (!orders_.twin.empty() && adopt()) return;
        const bool go_on = !orders_.anew && file_exists(folder_.checkpoint());
        if (!go_on) begin();
        if (go_on && !is_recorded()) folder_.record(run_json(plan_, run_, orders_.device));
        plugin_ = load_plugin(*run_.plugin);
        make_trainer();
        if (go_on) restore();
        if (orders_.profile) trainer_->start_profile();
        try {
            run_epochs();
        } catch (const NotCaptured& e) {
            static_cast<void>(trainer_.release());  // the process ends, and it must not be destroyed
            outbox_.send(fmt::format("{}{}", message::not_captured, e.what()));
        }
    }

private:
    /// Takes the numbers of a finished twin; false if they are gone.
    bool adopt() {
        if (take_from_twin()) return true;
        outbox_.send(fmt::format("{}labhost: warning: {} lacks some of its files, so {} is trained", message::warning,
                                 orders_.twin.native(), run_.settings.id));
        return false;
    }

    bool take_from_twin() {
        const std::optional<Result> result = read_result(orders_.twin);
        if (!file_exists(orders_.twin / "run.json") || !result || !result->finished || result->fingerprint != run_.fingerprint) return false;
        Json json = run_json(plan_, run_, orders_.device);
        json["same_as"] = orders_.twin.filename().native();
        try {
            const Json twin = Json::parse(read_file(orders_.twin / "run.json"), nullptr, /*allow_exceptions=*/false);
            if (twin.is_object() && twin.contains("provenance")) {
                json["provenance"] = twin["provenance"];
                json["provenance"]["experiment_file"] = plan_.file.native();  // this run's, by which gc judges it
            }
            if (!folder_.adopt(orders_.twin, json)) return false;
        } catch (const StorageError&) {
            throw;
        } catch (const Error&) {  // a file that cannot be read
            return false;
        }
        outbox_.send(message::pack(message::finished, Finished{result->seconds, *result->final}));
        return true;
    }

    void run_epochs() {
        while (static_cast<std::int64_t>(trainer_->history().size()) < run_.settings.trainer.epochs) {
            const auto metrics = trainer_->run_epoch([this](const Progress& at) { return after_step(at); });
            if (!metrics) {
                write_checkpoint();
                write_profile();
                outbox_.send({&message::paused, 1});
                return;
            }
            folder_.append(*metrics);
            write_checkpoint();
            outbox_.send(message::pack(message::epoch, *metrics));
        }
        write_profile();
        folder_.finish(trainer_->state_dict(), to_json(trainer_->predictions(), run_.dataset->test));
        outbox_.send(message::pack(message::finished, Finished{seconds(), trainer_->history().back()}));
    }

    void begin() { folder_.begin(run_json(plan_, run_, orders_.device)); }

    /// Whether run.json is there and can be read.
    bool is_recorded() const {
        try {
            return Json::parse(read_file(run_.folder / "run.json")).is_object();
        } catch (const std::exception&) {
            return false;
        }
    }

    void make_trainer() {
        trainer_ = engine().make_trainer(run_.settings, plugin_, run_.params, *run_.dataset, orders_.device,
                                           orders_.graphs);
    }

    void restore() {
        try {
            const Trainer::Restored restored = trainer_->restore(folder_.checkpoint(), run_.fingerprint);
            earlier_seconds_ = restored.seconds;
            folder_.go_on(trainer_->history());
            Resumed resumed{.at = restored.progress, .seconds = restored.seconds};
            if (!trainer_->history().empty()) {
                resumed.has_final = true;
                resumed.final = trainer_->history().back();
            }
            outbox_.send(message::pack(message::resumed, resumed));
        } catch (const StorageError&) {
            throw;
        } catch (const Error& e) {
            const auto aside = folder_.set_checkpoint_aside();
            outbox_.send(fmt::format("{}labhost: warning: {}; it is now {}, and the run starts again", message::warning,
                                     e.what(), aside.filename().native()));
            begin();
            trainer_.reset();  // before the next one: on a GPU each has a stream, which it leaves when it goes
            make_trainer();
        }
    }

    bool after_step(const Progress& at) {
        outbox_.send(message::pack(message::progress, at));
        if (StopSignals::noted() != 0) return false;
        const auto& every = run_.settings.trainer.checkpoint_every;
        if (every && std::chrono::duration<double>(Clock::now() - checkpointed_).count() >= *every) write_checkpoint();
        return true;
    }

    void write_checkpoint() {
        folder_.write_checkpoint(trainer_->checkpoint(seconds(), run_.fingerprint));
        checkpointed_ = Clock::now();
    }

    void write_profile() {
        if (orders_.profile) folder_.write_profile(trainer_->profile());
    }

    double seconds() const {
        return earlier_seconds_ + std::chrono::duration<double>(Clock::now() - start_).count();
    }

    const Plan& plan_;
    const PlannedRun& run_;
    const WorkerOrders& orders_;
    const Outbox& outbox_;
    RunFolder folder_;
    Plugin plugin_{.stamp = Stamp("")};
    std::unique_ptr<Trainer> trainer_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point checkpointed_ = start_;
    double earlier_seconds_ = 0.0;
};

/// Whether these are the words of an allocation that failed: what is thrown loses its type at the plugin boundary.
bool is_out_of_memory(std::string_view words) {
    constexpr std::array said{"bad_alloc",
                              "can't allocate memory",
                              "not enough memory",
                              "annot allocate memory",          // the system's words, and those of the dynamic linker
                              "failed to map segment"};
    return std::ranges::any_of(said, [&](const char* part) { return words.find(part) != std::string_view::npos; });
}

}  // namespace

void hear_worker(std::string_view text, const WorkerListener& listener) {
    if (text.empty()) return;
    const std::string_view words = text.substr(1);
    switch (text.front()) {
        case message::resumed: listener.resumed(message::unpack<Resumed>(text)); break;
        case message::progress: listener.progressed(message::unpack<Progress>(text)); break;
        case message::epoch: listener.epoch_finished(message::unpack<EpochMetrics>(text)); break;
        case message::warning: listener.warned(words); break;
        case message::paused: listener.paused(); break;
        case message::not_captured: listener.not_captured(words); break;
        case message::finished: listener.finished(message::unpack<Finished>(text)); break;
        case message::failed: listener.failed(words); break;
        case message::storage_fault: listener.storage_fault(words); break;
        default: break;
    }
}

void work(const Plan& plan, const PlannedRun& run, const WorkerOrders& orders, RunLocks& locks, const Outbox& outbox) {
    try {
        locks.enter(run.folder);
        Worker(plan, run, orders, outbox).train();
    } catch (const StorageError& e) {
        outbox.send(fmt::format("{}{}", message::storage_fault, e.what()));
    } catch (const std::exception& e) {
        std::string reason = e.what();
        if (orders.memory_limit != 0 && is_out_of_memory(reason))
            reason = fmt::format("plugin '{}' needs more memory than {} = {} allows: {}", run.plugin->id(),
                                 orders.memory_limit_name, size_text(orders.memory_limit), reason);
        outbox.send(fmt::format("{}{}", message::failed, reason));
    }
}

}  // namespace labhost
