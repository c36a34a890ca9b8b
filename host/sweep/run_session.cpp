#include "sweep/run_session.hpp"

#include <algorithm>
#include <exception>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "record/run_layout.hpp"
#include "support/error.hpp"
#include "support/signals.hpp"
#include "support/slurm_task.hpp"
#include "sweep/duplicate.hpp"
#include "sweep/run_json.hpp"
#include "sweep/worker.hpp"
#include "train/engine.hpp"

namespace labhost {

void MemoryWatch::begin() {
    if (device_.cuda && measured_.before.total == 0) measured_.before = engine().gpu_memory(device_);
}

void MemoryWatch::captured() { measured_.runs = std::max(measured_.runs, ++runs_); }

MeasuredMemory MemoryWatch::now(bool tested) {
    measured_.now = engine().gpu_memory(device_);
    tested_ += tested ? 1 : 0;
    measured_.all_tested = tested_ >= measured_.runs;
    return measured_;
}

RunSession::RunSession(const Plan& plan, const command::Train& asked, const WorkerConfig& config,
                       const RunOutbox& outbox, MemoryWatch& memory, Writer* writer)
    : plan_(plan),
      run_(plan.runs[asked.index]),
      asked_(asked),
      config_(config),
      outbox_(outbox),
      memory_(memory),
      writer_(writer),
      folder_(run_.folder) {}

RunSession::~RunSession() {
    if (written_.valid()) written_.wait();  // it writes into the folder
    if (said_captured_) memory_.gone();
}

bool RunSession::prepare() {
    if (!asked_.duplicate_of.empty()) {
        if (auto finished = adopt_duplicate(plan_, run_, config_.device, asked_.duplicate_of, folder_)) {
            outbox_.send(*finished);
            return false;
        }
        warn(fmt::format("{} lacks some of its files, so {} is trained", asked_.duplicate_of.native(),
                         run_.settings.id));
    }
    const bool resumes = !asked_.from_scratch && file_exists(folder_.checkpoint());
    const bool continues = !asked_.from_scratch && !resumes && !run_.continues.folder.empty();
    if (!resumes) begin();
    if (resumes) record_session();
    plugin_ = load_plugin(*run_.plugin);
    make_trainer();
    if (const std::string why = trainer_->why_not_resumable(); !why.empty()) {
        warn(fmt::format("{}: {} has no checkpoints, and begins anew if it is interrupted", why, run_.settings.id));
        has_checkpoints_ = false;
        if (resumes) begin();
    }
    if (resumes && has_checkpoints_) restore();
    if (continues && has_checkpoints_) continue_shorter_run();
    if (config_.profile) trainer_->start_profile();
    return true;
}

bool RunSession::take_turn() {
    if (trainer_->finished()) {
        finish();
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
    write([] {}, std::nullopt);
    await_writer();
    write_profile();
    outbox_.send(message::Paused{});
    return false;
}

void RunSession::finish() {
    await_writer();
    write_profile();
    folder_.finish(trainer_->state_dict(), to_json(trainer_->predictions(), run_.dataset->test));
    outbox_.send(message::Finished{
        .seconds = seconds(), .final = trainer_->history().back(), .kept_epoch = trainer_->kept_epoch()});
}

void RunSession::await_writer() {
    if (written_.valid()) {
        written_.get();
        checkpointed_ = Clock::now();
    }
    if (const auto epoch = std::exchange(epoch_to_tell_, std::nullopt))
        outbox_.send(message::EpochFinished{.metrics = *epoch});
}

void RunSession::begin() { folder_.begin(run_json(plan_, run_, config_.device)); }

/// run.json says how the run began, and which task of a cluster had it last.
void RunSession::record_session() {
    try {
        Json json = Json::parse(read_file(run_.folder / run_file::record));
        if (const auto task = own_slurm_task(); task && json.is_object()) {
            json["provenance"]["slurm"] = to_json(*task);
            folder_.record(json);
        }
        if (json.is_object()) return;
    } catch (const StorageError&) {
        throw;
    } catch (const std::exception&) {  // it is not there, or cannot be read
    }
    folder_.record(run_json(plan_, run_, config_.device));
}

void RunSession::make_trainer() {
    const Json gpu = gpu_json(config_.device);
    trainer_ = engine().make_trainer(
        run_.settings, plugin_, run_.params, *run_.dataset, config_.device,
        {.graphs = config_.graphs, .colocated = config_.colocated, .gpu = gpu.empty() ? "" : gpu.dump()});
}

void RunSession::restore() {
    try {
        take_up(folder_.checkpoint(), run_.fingerprint);
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

/// Takes up the checkpoint of a shorter run, and has one of its own from then on.
void RunSession::continue_shorter_run() {
    const ShorterRun& shorter = run_.continues;
    try {
        take_up(shorter.folder / run_file::checkpoint, shorter.fingerprint);
    } catch (const StorageError&) {
        throw;
    } catch (const GpuFault&) {
        throw;
    } catch (const Error& e) {
        warn(fmt::format("{}; {} does not go on from it, and starts from the beginning", e.what(), run_.settings.id));
        begin();
        trainer_.reset();  // before the next one, which needs as much memory
        make_trainer();
        return;
    }
    Json record = run_json(plan_, run_, config_.device);
    record["provenance"]["continues"] = shorter.folder.filename().native();
    folder_.record(record);
    write([] {}, std::nullopt);
}

void RunSession::take_up(const std::filesystem::path& checkpoint, const std::string& fingerprint) {
    const Trainer::Restored restored = trainer_->restore(checkpoint, fingerprint);
    earlier_seconds_ = restored.seconds;
    folder_.resume(trainer_->history());
    message::Resumed resumed{.at = restored.progress, .seconds = restored.seconds};
    if (!trainer_->history().empty()) resumed.final = trainer_->history().back();
    outbox_.send(resumed);
}

void RunSession::start_again(RunFolder::Unusable why, const char* words) {
    const auto aside = folder_.set_checkpoint_aside(why);
    warn(fmt::format("{}; it is now {}, and the run starts again", words, aside.filename().native()));
    begin();
    trainer_.reset();  // before the next one, which needs as much memory
    make_trainer();
}

/// What the supervisor needs to know before more runs are begun here.
void RunSession::tell_of_gpu(bool epoch_done) {
    if (!config_.device.cuda) return;
    const bool captured = !said_captured_ && trainer_->captured();
    said_captured_ |= captured;
    if (captured) memory_.captured();
    if (captured) outbox_.send(message::Captured{});
    if (!config_.colocated || (!captured && (!epoch_done || said_epoch_))) return;
    said_epoch_ |= epoch_done;
    outbox_.send(message::Measured{.memory = memory_.now(epoch_done)});
}

bool RunSession::after_step(const Progress& at) {
    constexpr std::chrono::milliseconds tell_every{5};  // on a GPU, where a step may take a hundredth of that
    constexpr int steps_of_a_turn = 8;  // what is queued in the run's stream then, is done while others have theirs
    const auto now = Clock::now();
    if (!config_.device.cuda || now - told_ >= tell_every) {
        outbox_.send(message::Progressed{.at = at});
        told_ = now;
    }
    if (!said_captured_) tell_of_gpu(/*epoch_done=*/false);
    if (written_.valid() && written_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) await_writer();
    stopping_ = StopSignals::noted() != 0;
    if (stopping_) return false;
    const auto& every = run_.settings.trainer.checkpoint_every;
    if (every && std::chrono::duration<double>(now - checkpointed_).count() >= *every) write([] {}, std::nullopt);
    return !config_.colocated || ++steps_ % steps_of_a_turn != 0;
}

/// Does `before`, then writes a checkpoint of this moment, then tells of `epoch`; all that behind the training, if
/// there is a writer.
void RunSession::write(std::function<void()> before, const std::optional<EpochMetrics>& epoch) {
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
void RunSession::tell_nondeterminism() {
    const std::set<std::string>& operators = trainer_->nondeterministic_operators();
    if (operators.size() == nondeterministic_) return;
    nondeterministic_ = operators.size();
    warn(
        fmt::format("{}: LibTorch has no form of {} that gives the same bits each time on a GPU, so this run's numbers "
                    "vary; trainer.deterministic = true refuses that",
                    run_.settings.id, fmt::join(operators, ", ")));
    Json json = Json::parse(read_file(run_.folder / run_file::record), nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) json = run_json(plan_, run_, config_.device);
    json["provenance"]["nondeterministic"] = operators;
    folder_.record(json);
}

void RunSession::write_profile() {
    if (config_.profile) folder_.write_profile(trainer_->profile());
}

void RunSession::warn(const std::string& words) const {
    outbox_.send(message::Warned{.words = fmt::format("labhost: warning: {}", words)});
}

double RunSession::seconds() const {
    return earlier_seconds_ + std::chrono::duration<double>(Clock::now() - start_).count();
}

}  // namespace labhost
