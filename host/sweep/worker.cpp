#include "sweep/worker.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <exception>
#include <functional>
#include <future>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

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

/// A message is the number of a run, a letter, then a value's bytes or a text.
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
constexpr char captured = 'C';
constexpr char measured = 'M';
constexpr char gpu_fault = 'D';
// To the worker.
constexpr char train = 'T';
constexpr char no_more = 'N';

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

/// Kind and code, then the words.
std::string of_fault(const GpuFault& fault) {
    const std::array<std::int32_t, 2> numbers{static_cast<std::int32_t>(fault.kind()), fault.code()};
    return pack(gpu_fault, numbers) + fault.what();
}

GpuFault to_fault(std::string_view text) {
    using Numbers = std::array<std::int32_t, 2>;
    const auto numbers = unpack<Numbers>(text.substr(0, 1 + sizeof(Numbers)));
    return {static_cast<GpuFault::Kind>(numbers[0]), numbers[1],
            std::string(text.substr(std::min(text.size(), 1 + sizeof(Numbers))))};
}

/// What a worker is told of a run, before its duplicate's folder.
struct Training {
    std::uint64_t index;
    std::uint32_t number;
    std::uint32_t anew;
};
}  // namespace message

/// The plan has asked for the GPUs if a run is on one, before this process was made.
Json recorded_gpu(const Device& device) { return device.cuda ? used_gpu(survey_gpus(), device) : Json::object(); }

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
    RunOutbox(const Outbox& outbox, std::uint32_t number) : outbox_(outbox), number_(sizeof number, '\0') {
        std::memcpy(number_.data(), &number, sizeof number);
    }
    void send(std::string_view message) const { outbox_.send(number_ + std::string(message)); }

private:
    const Outbox& outbox_;
    std::string number_;
};

/// The memory of a shared worker's GPU, against what it was before its first run.
class MemoryWatch {
public:
    explicit MemoryWatch(const Device& device) : device_(device) {}

    /// Starts CUDA for this process. Throws GpuFault.
    void begin() {
        if (device_.cuda && measured_.before.total == 0) measured_.before = engine().gpu_memory(device_);
    }
    /// A run has been captured, and has the memory of its training; or one that had has gone.
    void captured() { measured_.runs = std::max(measured_.runs, ++runs_); }
    void gone() { --runs_; }
    /// `tested`: by a run that had not tested before.
    MeasuredMemory now(bool tested) {
        measured_.now = engine().gpu_memory(device_);
        tested_ += tested ? 1 : 0;
        measured_.all_tested = tested_ >= measured_.runs;
        return measured_;
    }

private:
    Device device_;
    std::uint32_t runs_ = 0;    ///< now, of those that are captured
    std::uint32_t tested_ = 0;  ///< that have ever been
    MeasuredMemory measured_{};
};

class RunOfWorker {
public:
    /// `writer`: writes its checkpoints; null: they are written where they are made.
    RunOfWorker(const Plan& plan, const WorkerRun& run, const WorkerOrders& orders, const RunOutbox& outbox,
                MemoryWatch& memory, Writer* writer)
        : plan_(plan),
          run_(plan.runs[run.index]),
          anew_(run.anew),
          duplicate_(run.duplicate_of),
          colocated_(orders.colocated),
          orders_(orders),
          outbox_(outbox),
          memory_(memory),
          writer_(writer),
          folder_(run_.folder) {}
    ~RunOfWorker() {
        if (written_.valid()) written_.wait();  // it writes into the folder
        if (said_captured_) memory_.gone();
    }
    RunOfWorker(const RunOfWorker&) = delete;
    RunOfWorker& operator=(const RunOfWorker&) = delete;
    RunOfWorker(RunOfWorker&&) = delete;
    RunOfWorker& operator=(RunOfWorker&&) = delete;

    /// False if there is nothing to train.
    bool prepare() {
        if (!duplicate_.empty() && adopt()) return false;
        const bool go_on = !anew_ && file_exists(folder_.checkpoint());
        if (!go_on) begin();
        if (go_on) record_session();
        plugin_ = load_plugin(*run_.plugin);
        make_trainer();
        if (const std::string why = trainer_->why_not_resumable(); !why.empty()) {
            outbox_.send(
                fmt::format("{}labhost: warning: {}: {} has no checkpoints, and begins anew if it is interrupted",
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
            tell_of_gpu(/*epoch_done=*/true);
            return true;
        }
        if (!stopping_) return true;
        write_checkpoint();
        await_writer();
        write_profile();
        outbox_.send({&message::paused, 1});
        return false;
    }

    /// Until what was to be written is; throws what went wrong with it.
    void await_writer() {
        if (written_.valid()) {
            written_.get();
            checkpointed_ = Clock::now();
        }
        if (const auto epoch = std::exchange(epoch_to_tell_, std::nullopt))
            outbox_.send(message::pack(message::epoch, *epoch));
    }

    /// After NotCaptured: the process ends, and no trainer of it must be destroyed.
    void abandon() { static_cast<void>(trainer_.release()); }

private:
    /// Takes the numbers of a finished duplicate; false if they are gone.
    bool adopt() {
        if (take_from_duplicate()) return true;
        outbox_.send(fmt::format("{}labhost: warning: {} lacks some of its files, so {} is trained", message::warning,
                                 duplicate_.native(), run_.settings.id));
        return false;
    }

    bool take_from_duplicate() {
        const std::optional<Result> result = read_result(duplicate_);
        if (!file_exists(duplicate_ / "run.json") || !result || !result->finished ||
            result->fingerprint != run_.fingerprint)
            return false;
        Json json = run_json(plan_, run_, orders_.device);
        json["same_as"] = duplicate_.filename().native();
        try {
            const Json duplicate = Json::parse(read_file(duplicate_ / "run.json"), nullptr, /*allow_exceptions=*/false);
            if (duplicate.is_object() && duplicate.contains("provenance")) {
                json["provenance"] = duplicate["provenance"];
                json["provenance"]["experiment_file"] = plan_.file.native();  // this run's, by which gc judges it
            }
            if (!folder_.adopt(duplicate_, json)) return false;
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
            {.graphs = orders_.graphs, .colocated = colocated_, .gpu = gpu.empty() ? "" : gpu.dump()});
    }

    void restore() {
        try {
            const Trainer::Restored restored = trainer_->restore(folder_.checkpoint(), run_.fingerprint);
            earlier_seconds_ = restored.seconds;
            folder_.resume(trainer_->history());
            Resumed resumed{.at = restored.progress, .seconds = restored.seconds};
            if (!trainer_->history().empty()) {
                resumed.has_final = true;
                resumed.final = trainer_->history().back();
            }
            outbox_.send(message::pack(message::resumed, resumed));
        } catch (const StorageError&) {
            throw;
        } catch (const GpuFault&) {  // says nothing of the checkpoint
            throw;
        } catch (const OtherGpu& e) {
            start_again(RunFolder::Unusable::other_gpu, e.what());
        } catch (const Error& e) {
            start_again(RunFolder::Unusable::damaged, e.what());
        }
    }

    void start_again(RunFolder::Unusable why, const char* words) {
        const auto aside = folder_.set_checkpoint_aside(why);
        outbox_.send(fmt::format("{}labhost: warning: {}; it is now {}, and the run starts again", message::warning,
                                 words, aside.filename().native()));
        begin();
        trainer_.reset();  // before the next one, which needs as much memory
        make_trainer();
    }

    /// What the supervisor needs to know before more runs are begun here.
    void tell_of_gpu(bool epoch_done) {
        if (!orders_.device.cuda) return;
        const bool captured = !said_captured_ && trainer_->captured();
        said_captured_ |= captured;
        if (captured) memory_.captured();
        if (captured) outbox_.send({&message::captured, 1});
        if (!colocated_ || (!captured && (!epoch_done || said_epoch_))) return;
        said_epoch_ |= epoch_done;
        outbox_.send(message::pack(message::measured, memory_.now(epoch_done)));
    }

    bool after_step(const Progress& at) {
        constexpr std::chrono::milliseconds tell_every{5};  // on a GPU, where a step may take a hundredth of that
        constexpr int steps_of_a_turn = 8;  // what is queued in the run's stream then, is done while others have theirs
        const auto now = Clock::now();
        if (!orders_.device.cuda || now - told_ >= tell_every) {
            outbox_.send(message::pack(message::progress, at));
            told_ = now;
        }
        if (!said_captured_) tell_of_gpu(/*epoch_done=*/false);
        if (written_.valid() && written_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) await_writer();
        stopping_ = StopSignals::noted() != 0;
        if (stopping_) return false;
        const auto& every = run_.settings.trainer.checkpoint_every;
        if (every && std::chrono::duration<double>(now - checkpointed_).count() >= *every) write_checkpoint();
        return !colocated_ || ++steps_ % steps_of_a_turn != 0;
    }

    void write_checkpoint() {
        write([] {}, std::nullopt);
    }

    /// Does `before`, then writes a checkpoint of this moment, then tells of `epoch`; all that behind the training, if
    /// there is a writer.
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
        checkpointed_ = Clock::now();
        await_writer();
    }

    /// Which operators made the run's numbers others each time: for people, and in its run.json.
    void tell_nondeterminism() {
        const std::set<std::string>& operators = trainer_->nondeterministic_operators();
        if (operators.size() == nondeterministic_) return;
        nondeterministic_ = operators.size();
        outbox_.send(fmt::format(
            "{}labhost: warning: {}: LibTorch has no form of {} that gives the same bits each time on a GPU, so "
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

    double seconds() const { return earlier_seconds_ + std::chrono::duration<double>(Clock::now() - start_).count(); }

    const Plan& plan_;
    const PlannedRun& run_;
    bool anew_;
    std::filesystem::path duplicate_;
    bool colocated_;
    const WorkerOrders& orders_;
    RunOutbox outbox_;
    MemoryWatch& memory_;
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
    bool said_captured_ = false;
    bool said_epoch_ = false;
    double earlier_seconds_ = 0.0;
};

/// Whether these are the words of an allocation that failed: what is thrown loses its type at the plugin boundary.
bool is_out_of_memory(std::string_view words) {
    constexpr std::array said{"bad_alloc", "can't allocate memory", "not enough memory",
                              "annot allocate memory",  // the system's words, and those of the dynamic linker
                              "failed to map segment"};
    return std::ranges::any_of(said, [&](const char* part) { return words.find(part) != std::string_view::npos; });
}

/// The runs of a worker, from when it is told of them to their last words.
class Work {
public:
    Work(const Plan& plan, const WorkerOrders& orders, RunLocks& locks, const Outbox& outbox, Inbox& inbox)
        : plan_(plan), orders_(orders), locks_(locks), outbox_(outbox), inbox_(inbox), memory_(orders.device) {
        // On a CPU alone nothing would be gained: a run has as many threads as it was given.
        if (orders.colocated || orders.device.cuda) writer_ = std::make_unique<Writer>();
    }

    void run() {
        for (;;) {
            take_orders();
            const bool no_more = no_more_ || (StopSignals::noted() != 0 && (orders_.colocated || begun_));
            if (!usable_ || (going_.empty() && no_more)) return;
            if (going_.empty()) {
                constexpr std::chrono::milliseconds look_again{50};  // a signal may come just before
                inbox_.wait(look_again);
            }
            for (auto it = going_.begin(); it != going_.end() && usable_;) {
                bool more = false;
                attempt(*it, [&] { return more = it->trained->take_turn(); });
                it = more ? std::next(it) : going_.erase(it);
            }
        }
    }

private:
    struct Going {
        WorkerRun order{};
        std::unique_ptr<RunOfWorker> trained{};
    };

    void take_orders() {
        while (const auto text = usable_ ? inbox_.next() : std::nullopt) {
            if (text->front() == message::no_more) {
                no_more_ = true;
                // Else it stays as it was left.
            } else if (text->front() == message::train && !(orders_.colocated && StopSignals::noted() != 0)) {
                const auto told = message::unpack<message::Training>(
                    std::string_view(*text).substr(0, 1 + sizeof(message::Training)));
                begin({.number = told.number,
                       .index = told.index,
                       .anew = told.anew != 0,
                       .duplicate_of = text->substr(1 + sizeof(message::Training))});
            }
        }
    }

    void begin(WorkerRun order) {
        begun_ = true;
        Going& it = going_.emplace_back(Going{.order = std::move(order)});
        bool more = false;
        attempt(it, [&] {
            locks_.enter(plan_.runs[it.order.index].folder);
            if (orders_.colocated) memory_.begin();
            it.trained = std::make_unique<RunOfWorker>(plan_, it.order, orders_, RunOutbox(outbox_, it.order.number),
                                                       memory_, writer_.get());
            return more = it.trained->prepare();
        });
        if (!more) going_.pop_back();
    }

    /// Does a part of the run's work, which says whether there is more; what it throws is told, and ends the run.
    void attempt(Going& it, const std::function<bool()>& part) {
        const PlannedRun& run = plan_.runs[it.order.index];
        const RunOutbox outbox(outbox_, it.order.number);
        std::string last_words;
        try {
            if (part()) return;
        } catch (const NotCaptured& e) {
            abandon_all();
            outbox.send(fmt::format("{}{}", message::not_captured, e.what()));
            return;
        } catch (const StorageError& e) {
            last_words = fmt::format("{}{}", message::storage_fault, e.what());
        } catch (const GpuFault& e) {
            if (orders_.device.cuda) {
                abandon_all();
                outbox.send(message::of_fault(e));
                return;
            }
            last_words = fmt::format("{}{}", message::failed, e.what());
        } catch (const std::exception& e) {
            std::string reason = e.what();
            if (orders_.memory_limit != 0 && is_out_of_memory(reason))
                reason = fmt::format("plugin '{}' needs more memory than {} = {} allows: {}", run.plugin->id(),
                                     orders_.memory_limit_name, size_text(orders_.memory_limit), reason);
            last_words = fmt::format("{}{}", message::failed, reason);
        }
        settle(it, last_words);
        if (orders_.colocated) {  // alone, the process's end does it
            it.trained.reset();
            locks_.leave(run.folder);
        }
        if (!last_words.empty()) outbox.send(last_words);
    }

    /// An epoch that was done before is told of, and a disk that refused it matters more than what came then.
    static void settle(const Going& it, std::string& last_words) {
        if (!it.trained) return;
        try {
            it.trained->await_writer();
        } catch (const StorageError& e) {
            last_words = fmt::format("{}{}", message::storage_fault, e.what());
        } catch (const std::exception&) {  // what is to be told is told
        }
    }

    void abandon_all() {
        for (const Going& each : going_) {
            if (!each.trained) continue;
            each.trained->abandon();
            std::string fault;
            settle(each, fault);
            if (!fault.empty()) RunOutbox(outbox_, each.order.number).send(fault);
        }
        usable_ = false;
    }

    const Plan& plan_;
    const WorkerOrders& orders_;
    RunLocks& locks_;
    const Outbox& outbox_;
    Inbox& inbox_;
    MemoryWatch memory_;
    std::unique_ptr<Writer> writer_;
    std::list<Going> going_;  ///< after the writer: what it still does for them is waited for
    bool begun_ = false;
    bool no_more_ = false;
    bool usable_ = true;  ///< this process
};

}  // namespace

void hear_worker(std::string_view text, const std::function<const WorkerListener*(std::uint32_t)>& listener_of) {
    std::uint32_t number = 0;
    if (text.size() <= sizeof number) return;
    std::memcpy(&number, text.data(), sizeof number);
    const WorkerListener* const known = listener_of(number);
    if (known == nullptr) return;
    const WorkerListener& listener = *known;
    text.remove_prefix(sizeof number);
    const std::string_view words = text.substr(1);
    switch (text.front()) {
        case message::resumed: listener.resumed(message::unpack<Resumed>(text)); break;
        case message::progress: listener.progressed(message::unpack<Progress>(text)); break;
        case message::epoch: listener.epoch_finished(message::unpack<EpochMetrics>(text)); break;
        case message::warning: listener.warned(words); break;
        case message::captured: listener.captured(); break;
        case message::measured: listener.measured(message::unpack<MeasuredMemory>(text)); break;
        case message::paused: listener.paused(); break;
        case message::not_captured: listener.not_captured(words); break;
        case message::gpu_fault: listener.gpu_fault(message::to_fault(text)); break;
        case message::finished: listener.finished(message::unpack<Finished>(text)); break;
        case message::failed: listener.failed(words); break;
        case message::storage_fault: listener.storage_fault(words); break;
        default: break;
    }
}

std::string to_message(const WorkerRun& run) {
    return message::pack(message::train,
                         message::Training{.index = run.index, .number = run.number, .anew = run.anew ? 1U : 0U}) +
           run.duplicate_of.native();
}

std::string no_more_runs() { return {message::no_more}; }

void work(const Plan& plan, const WorkerOrders& orders, RunLocks& locks, const Outbox& outbox, Inbox& inbox) {
    Work(plan, orders, locks, outbox, inbox).run();
}

void probe(const PlannedRun& run, const Device& device, const Outbox& outbox) {
    constexpr int enough_steps = 16;  // where batches are never whole, none is captured
    try {
        const Plugin plugin = load_plugin(*run.plugin);
        // Never destroyed: after NotCaptured it must not be, and the process ends anyway.
        auto* const trainer = engine()
                                  .make_trainer(run.settings, plugin, run.params, *run.dataset, device,
                                                {.graphs = true, .colocated = true, .gpu = ""})
                                  .release();
        int steps = 0;
        trainer->run_epoch([&](const Progress&) { return !trainer->captured() && ++steps < enough_steps; });
        if (trainer->captured()) outbox.send({&message::captured, 1});
    } catch (const NotCaptured& e) {
        outbox.send(fmt::format("{}{}", message::not_captured, e.what()));
    } catch (const GpuFault& e) {
        outbox.send(message::of_fault(e));
    } catch (const std::exception& e) {
        outbox.send(fmt::format("{}{}", message::failed, e.what()));
    }
}

void hear_probe(std::string_view text, const ProbeListener& listener) {
    if (text.empty()) return;
    switch (text.front()) {
        case message::captured: listener.judged({}); break;
        case message::not_captured: listener.judged({.captured = false, .why = std::string(text.substr(1))}); break;
        case message::gpu_fault: listener.gpu_fault(message::to_fault(text)); break;
        case message::failed: listener.failed(text.substr(1)); break;
        default: break;
    }
}

}  // namespace labhost
