#include "sweep/worker.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "plugin/stamp.hpp"
#include "record/fingerprint.hpp"
#include "support/error.hpp"
#include "support/machine.hpp"
#include "support/signals.hpp"
#include "support/slurm_task.hpp"
#include "support/text.hpp"
#include "sweep/writer.hpp"
#include "train/engine.hpp"
#include "train/used_gpu.hpp"

namespace labhost {

namespace {

using Clock = std::chrono::steady_clock;

/// A message is the number of a run among the worker's, a letter, then a value's bytes or a text.
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

/// The plan has asked for the GPUs if a run is on one, before this process was made.
Json recorded_gpu(const Device& device) { return device.cuda ? used_gpu(survey_gpus(), device) : Json::object(); }

Json provenance(const Plan& plan, const PlannedRun& run, const Device& device) {
    const TorchInfo torch = engine().torch_info();
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    Json json{{"started", fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::now()))},
            {"host", host.data()},
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
    json.update(recorded_gpu(device));
    if (const auto task = own_slurm_task()) json["slurm"] = to_json(*task);
    return json;
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

/// Sends messages about one run.
class RunOutbox {
public:
    RunOutbox(const Outbox& outbox, std::size_t number) : outbox_(outbox), number_(static_cast<char>(number)) {}
    void send(std::string_view message) const { outbox_.send(fmt::format("{}{}", number_, message)); }

private:
    const Outbox& outbox_;
    char number_;
};

class RunOfWorker {
public:
    /// `writer`: writes its checkpoints; null: they are written where they are made.
    RunOfWorker(const Plan& plan, const WorkerRun& run, bool in_company, const WorkerOrders& orders,
                const RunOutbox& outbox, Writer* writer)
        : plan_(plan), run_(*run.run), anew_(run.anew), twin_(run.twin), in_company_(in_company), orders_(orders),
          outbox_(outbox), writer_(writer), folder_(run_.folder) {}
    ~RunOfWorker() {
        if (written_.valid()) written_.wait();  // it writes into the folder
    }
    RunOfWorker(const RunOfWorker&) = delete;
    RunOfWorker& operator=(const RunOfWorker&) = delete;
    RunOfWorker(RunOfWorker&&) = delete;
    RunOfWorker& operator=(RunOfWorker&&) = delete;

    /// False if there is nothing to train.
    bool prepare() {
        if (!twin_.empty() && adopt()) return false;
        const bool go_on = !anew_ && file_exists(folder_.checkpoint());
        if (!go_on) begin();
        if (go_on) record_session();
        plugin_ = load_plugin(*run_.plugin);
        make_trainer();
        if (const std::string why = trainer_->why_not_resumable(); !why.empty()) {
            outbox_.send(fmt::format("{}labhost: warning: {}: {} has no checkpoints, and begins anew if it is interrupted",
                                     message::warning, why, run_.settings.id));
            has_checkpoints_ = false;
            if (go_on) begin();
        }
        if (go_on && has_checkpoints_) restore();
        if (orders_.profile) trainer_->start_profile();
        return true;
    }

    /// Alone an epoch, in company a few steps; false once the run is finished or paused.
    bool take_turn() {
        if (std::cmp_greater_equal(trainer_->history().size(), run_.settings.trainer.epochs)) {
            await_writer();
            write_profile();
            folder_.finish(trainer_->state_dict(), to_json(trainer_->predictions(), run_.dataset->test));
            outbox_.send(message::pack(message::finished, Finished{seconds(), trainer_->history().back()}));
            return false;
        }
        const auto metrics = trainer_->run_epoch([this](const Progress& at) { return after_step(at); });
        if (metrics) {
            tell_nondeterminism();
            write([this, metrics = *metrics] { folder_.append(metrics); }, *metrics);
            return true;
        }
        if (!stopping_) return true;
        write_checkpoint();
        await_writer();
        write_profile();
        outbox_.send({&message::paused, 1});
        return false;
    }

    /// After NotCaptured: the process ends, and no trainer of it must be destroyed.
    void abandon() { static_cast<void>(trainer_.release()); }

private:
    /// Takes the numbers of a finished twin; false if they are gone.
    bool adopt() {
        if (take_from_twin()) return true;
        outbox_.send(fmt::format("{}labhost: warning: {} lacks some of its files, so {} is trained", message::warning,
                                 twin_.native(), run_.settings.id));
        return false;
    }

    bool take_from_twin() {
        const std::optional<Result> result = read_result(twin_);
        if (!file_exists(twin_ / "run.json") || !result || !result->finished || result->fingerprint != run_.fingerprint) return false;
        Json json = run_json(plan_, run_, orders_.device);
        json["same_as"] = twin_.filename().native();
        try {
            const Json twin = Json::parse(read_file(twin_ / "run.json"), nullptr, /*allow_exceptions=*/false);
            if (twin.is_object() && twin.contains("provenance")) {
                json["provenance"] = twin["provenance"];
                json["provenance"]["experiment_file"] = plan_.file.native();  // this run's, by which gc judges it
            }
            if (!folder_.adopt(twin_, json)) return false;
        } catch (const StorageError&) {
            throw;
        } catch (const Error&) {  // a file that cannot be read
            return false;
        }
        outbox_.send(message::pack(message::finished, Finished{result->seconds, *result->final}));
        return true;
    }

    void begin() { folder_.begin(run_json(plan_, run_, orders_.device)); }

    /// run.json says how the run began, and which task of a cluster had it last.
    void record_session() {
        try {
            Json json = Json::parse(read_file(run_.folder / "run.json"));
            if (const auto task = own_slurm_task(); task && json.is_object()) {
                json["provenance"]["slurm"] = to_json(*task);
                folder_.record(json);
            }
            if (json.is_object()) return;
        } catch (const StorageError&) {
            throw;
        } catch (const std::exception&) {  // it is not there, or cannot be read
        }
        folder_.record(run_json(plan_, run_, orders_.device));
    }

    void make_trainer() {
        const Json gpu = recorded_gpu(orders_.device);
        trainer_ = engine().make_trainer(
            run_.settings, plugin_, run_.params, *run_.dataset, orders_.device,
            {.graphs = orders_.graphs, .in_company = in_company_, .gpu = gpu.empty() ? "" : gpu.dump()});
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
        } catch (const OtherGpu& e) {
            start_again(RunFolder::Unusable::other_gpu, e.what());
        } catch (const Error& e) {
            start_again(RunFolder::Unusable::damaged, e.what());
        }
    }

    void start_again(RunFolder::Unusable why, const char* words) {
        const auto aside = folder_.set_checkpoint_aside(why);
        outbox_.send(fmt::format("{}labhost: warning: {}; it is now {}, and the run starts again", message::warning, words,
                                 aside.filename().native()));
        begin();
        trainer_.reset();  // before the next one, which needs as much memory
        make_trainer();
    }

    bool after_step(const Progress& at) {
        constexpr std::chrono::milliseconds tell_every{5};  // on a GPU, where a step may take a hundredth of that
        constexpr int steps_of_a_turn = 8;  // what is queued in the run's stream then, is done while others have theirs
        const auto now = Clock::now();
        if (!orders_.device.cuda || now - told_ >= tell_every) {
            outbox_.send(message::pack(message::progress, at));
            told_ = now;
        }
        if (written_.valid() && written_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) await_writer();
        stopping_ = StopSignals::noted() != 0;
        if (stopping_) return false;
        const auto& every = run_.settings.trainer.checkpoint_every;
        if (every && std::chrono::duration<double>(now - checkpointed_).count() >= *every) write_checkpoint();
        return !in_company_ || ++steps_ % steps_of_a_turn != 0;
    }

    void write_checkpoint() { write([] {}, std::nullopt); }

    /// Does `before`, then writes a checkpoint of this moment, then tells of `epoch`; all that behind the training, if there is a writer.
    void write(std::function<void()> before, const std::optional<EpochMetrics>& epoch) {
        await_writer();
        auto state = has_checkpoints_ ? trainer_->checkpoint(seconds(), run_.fingerprint) : nullptr;
        checkpointed_ = Clock::now();
        epoch_to_tell_ = epoch;
        std::function<void()> job = [this, before = std::move(before), state = std::move(state)] {
            before();
            if (state) folder_.write_checkpoint(state());
        };
        if (writer_ != nullptr) {
            written_ = writer_->post(std::move(job));
            return;
        }
        job();
        await_writer();
    }

    /// Until what was to be written is; throws what went wrong with it.
    void await_writer() {
        if (written_.valid()) written_.get();
        if (const auto epoch = std::exchange(epoch_to_tell_, std::nullopt))
            outbox_.send(message::pack(message::epoch, *epoch));
    }

    /// Which operators made the run's numbers others each time: for people, and in its run.json.
    void tell_nondeterminism() {
        const std::set<std::string>& operators = trainer_->nondeterministic_operators();
        if (operators.size() == nondeterministic_) return;
        nondeterministic_ = operators.size();
        outbox_.send(fmt::format("{}labhost: warning: {}: LibTorch has no form of {} that gives the same bits each time on a GPU, so "
                                 "this run's numbers vary; trainer.deterministic = true refuses that",
                                 message::warning, run_.settings.id, fmt::join(operators, ", ")));
        Json json = Json::parse(read_file(run_.folder / "run.json"), nullptr, /*allow_exceptions=*/false);
        if (!json.is_object()) json = run_json(plan_, run_, orders_.device);
        json["provenance"]["nondeterministic"] = operators;
        folder_.record(json);
    }

    void write_profile() {
        if (orders_.profile) folder_.write_profile(trainer_->profile());
    }

    double seconds() const {
        return earlier_seconds_ + std::chrono::duration<double>(Clock::now() - start_).count();
    }

    const Plan& plan_;
    const PlannedRun& run_;
    bool anew_;
    std::filesystem::path twin_;
    bool in_company_;
    const WorkerOrders& orders_;
    RunOutbox outbox_;
    Writer* writer_;
    RunFolder folder_;
    Plugin plugin_{.stamp = Stamp("")};
    std::unique_ptr<Trainer> trainer_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point checkpointed_ = start_;
    Clock::time_point told_{};
    std::future<void> written_{};                  ///< what the writer does for it
    std::optional<EpochMetrics> epoch_to_tell_{};  ///< once that is done
    bool has_checkpoints_ = true;
    std::size_t nondeterministic_ = 0;  ///< operators that were told of
    std::int64_t steps_ = 0;
    bool stopping_ = false;
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

void hear_worker(std::string_view text, const std::vector<WorkerListener>& listeners) {
    if (text.size() < 2 || static_cast<std::size_t>(text.front()) >= listeners.size()) return;
    const WorkerListener& listener = listeners[static_cast<std::size_t>(text.front())];
    text.remove_prefix(1);
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

void work(const Plan& plan, const std::vector<WorkerRun>& tasks, const WorkerOrders& orders, RunLocks& locks,
          const Outbox& process_outbox) {
    // On a CPU alone nothing would be gained: a run has as many threads as it was given.
    std::unique_ptr<Writer> writer;
    if (tasks.size() > 1 || orders.device.cuda) writer = std::make_unique<Writer>();
    std::vector<std::unique_ptr<RunOfWorker>> runs(tasks.size());
    bool usable = true;  // this process
    // Does a part of the run's work, which says whether there is more; what it throws is told, and ends the run.
    const auto attempt = [&](std::size_t number, const std::function<bool()>& part) {
        const PlannedRun& run = *tasks[number].run;
        const RunOutbox outbox(process_outbox, number);
        std::string last_words;
        try {
            if (part()) return;
        } catch (const NotCaptured& e) {
            for (const auto& each : runs)
                if (each) each->abandon();
            usable = false;
            outbox.send(fmt::format("{}{}", message::not_captured, e.what()));
            return;
        } catch (const StorageError& e) {
            last_words = fmt::format("{}{}", message::storage_fault, e.what());
        } catch (const std::exception& e) {
            std::string reason = e.what();
            if (orders.memory_limit != 0 && is_out_of_memory(reason))
                reason = fmt::format("plugin '{}' needs more memory than {} = {} allows: {}", run.plugin->id(),
                                     orders.memory_limit_name, size_text(orders.memory_limit), reason);
            last_words = fmt::format("{}{}", message::failed, reason);
        }
        if (tasks.size() > 1) {  // alone, the process's end does it
            runs[number].reset();
            locks.leave(run.folder);
        }
        if (!last_words.empty()) outbox.send(last_words);
    };

    std::vector<std::size_t> going;
    for (std::size_t number = 0; number < tasks.size() && usable; ++number) {
        if (tasks.size() > 1 && StopSignals::noted() != 0) break;  // as it was left before
        attempt(number, [&] {
            locks.enter(tasks[number].run->folder);
            runs[number] = std::make_unique<RunOfWorker>(plan, tasks[number], tasks.size() > 1, orders,
                                                         RunOutbox(process_outbox, number), writer.get());
            if (!runs[number]->prepare()) return false;
            going.push_back(number);
            return true;
        });
    }
    while (usable && !going.empty())
        std::erase_if(going, [&](std::size_t number) {
            bool more = false;
            if (usable) attempt(number, [&] { return more = runs[number]->take_turn(); });
            return !more;
        });
}

}  // namespace labhost
