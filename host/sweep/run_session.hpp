// A run in its worker: from its beginning, its checkpoint or a duplicate, turn by turn, to its last word.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>

#include "record/run_folder.hpp"
#include "support/child.hpp"
#include "sweep/message.hpp"
#include "sweep/plan.hpp"
#include "sweep/writer.hpp"
#include "train/trainer.hpp"

namespace labhost {

struct WorkerConfig;

/// Sends a worker's messages about one run.
class RunOutbox {
public:
    RunOutbox(const Outbox& outbox, std::uint32_t run) : outbox_(outbox), run_(run) {}
    void send(WorkerMessage message) const {
        outbox_.send(encode(RunMessage{.run = run_, .what = std::move(message)}));
    }

private:
    const Outbox& outbox_;
    std::uint32_t run_;
};

/// The memory of a shared worker's GPU, against what it was before its first run.
class MemoryWatch {
public:
    explicit MemoryWatch(const Device& device) : device_(device) {}

    /// Starts CUDA for this process. Throws GpuFault.
    void begin();
    /// A run has been captured, and has the memory of its training; or one that had has gone.
    void captured();
    void gone() { --runs_; }
    /// `tested`: by a run that had not tested before. Throws GpuFault.
    MeasuredMemory now(bool tested);

private:
    Device device_;
    std::uint32_t runs_ = 0;    ///< now, of those that are captured
    std::uint32_t tested_ = 0;  ///< that have ever been
    MeasuredMemory measured_{};
};

/// [worker]
class RunSession {
public:
    /// `writer`: writes its checkpoints; null: they are written where they are made.
    RunSession(const Plan& plan, const command::Train& asked, const WorkerConfig& config, const RunOutbox& outbox,
               MemoryWatch& memory, Writer* writer);
    ~RunSession();
    RunSession(const RunSession&) = delete;
    RunSession& operator=(const RunSession&) = delete;
    RunSession(RunSession&&) = delete;
    RunSession& operator=(RunSession&&) = delete;

    /// Takes up the run; false if there is nothing to train. Throws what making, restoring and writing throw.
    bool prepare();

    /// Alone an epoch, colocated a few steps; false once the run is finished or paused. Throws likewise.
    bool take_turn();

    /// Until what was to be written is; throws what went wrong with it.
    void await_writer();

    /// After NotCaptured: the process ends, and no trainer of it must be destroyed.
    void abandon() { static_cast<void>(trainer_.release()); }

private:
    using Clock = std::chrono::steady_clock;

    void begin();
    void record_session();
    void make_trainer();
    void restore();
    void take_up(const std::filesystem::path& checkpoint, const std::string& fingerprint);
    void continue_shorter_run();
    void start_again(RunFolder::Unusable why, const char* words);
    void finish();
    bool after_step(const Progress& at);
    void tell_of_gpu(bool epoch_done);
    void tell_nondeterminism();
    void write(std::function<void()> before, const std::optional<EpochMetrics>& epoch);
    void write_profile();
    void warn(const std::string& words) const;
    double seconds() const;

    const Plan& plan_;
    const PlannedRun& run_;
    const command::Train& asked_;
    const WorkerConfig& config_;
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

}  // namespace labhost
