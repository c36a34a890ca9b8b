#include "sweep/worker.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "support/error.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"
#include "sweep/message.hpp"
#include "sweep/run_session.hpp"
#include "sweep/writer.hpp"
#include "train/engine.hpp"

namespace labhost {

namespace {

message::GpuFaulted to_message(const GpuFault& fault) {
    return {.kind = fault.kind(), .code = fault.code(), .words = fault.what()};
}

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
    Work(const Plan& plan, const WorkerConfig& config, RunLocks& locks, const Outbox& outbox, Inbox& inbox)
        : plan_(plan), config_(config), locks_(locks), outbox_(outbox), inbox_(inbox), memory_(config.device) {
        // On a CPU alone nothing would be gained: a run has as many threads as it was given.
        if (config.colocated || config.device.cuda) writer_ = std::make_unique<Writer>();
    }

    void run() {
        for (;;) {
            take_commands();
            const bool no_more = no_more_ || (StopSignals::noted() != 0 && (config_.colocated || has_begun_));
            if (!is_usable_ || (sessions_.empty() && no_more)) return;
            if (sessions_.empty()) {
                constexpr std::chrono::milliseconds look_again{50};  // a signal may come just before
                inbox_.wait(look_again);
            }
            for (auto it = sessions_.begin(); it != sessions_.end() && is_usable_;) {
                bool more = false;
                attempt(*it, [&] { return more = it->run->take_turn(); });
                it = more ? std::next(it) : sessions_.erase(it);
            }
        }
    }

private:
    struct Session {
        command::Train asked{};
        std::unique_ptr<RunSession> run{};
    };

    void take_commands() {
        while (const auto bytes = is_usable_ ? inbox_.next() : std::nullopt) {
            auto command = decode_command(*bytes);
            if (!command || std::holds_alternative<command::NoMoreRuns>(*command)) {
                no_more_ = true;
            } else if (!(config_.colocated && StopSignals::noted() != 0)) {  // else it stays as it was left
                begin(std::get<command::Train>(std::move(*command)));
            }
        }
    }

    void begin(command::Train asked) {
        has_begun_ = true;
        Session& it = sessions_.emplace_back(Session{.asked = std::move(asked)});
        bool more = false;
        attempt(it, [&] {
            locks_.enter(plan_.runs[it.asked.index].folder);
            if (config_.colocated) memory_.begin();
            it.run = std::make_unique<RunSession>(plan_, it.asked, config_, RunOutbox(outbox_, it.asked.number),
                                                  memory_, writer_.get());
            return more = it.run->prepare();
        });
        if (!more) sessions_.pop_back();
    }

    /// Does a part of the run's work, which says whether there is more; what it throws is told, and ends the run.
    void attempt(Session& it, const std::function<bool()>& part) {
        const PlannedRun& run = plan_.runs[it.asked.index];
        const RunOutbox outbox(outbox_, it.asked.number);
        std::optional<WorkerMessage> last_word;
        try {
            if (part()) return;
        } catch (const NotCaptured& e) {
            abandon_all();
            outbox.send(message::NotCaptured{e.what()});
            return;
        } catch (const StorageError& e) {
            last_word = message::StorageFailed{e.what()};
        } catch (const GpuFault& e) {
            if (config_.device.cuda) {
                abandon_all();
                outbox.send(to_message(e));
                return;
            }
            last_word = message::Failed{e.what()};
        } catch (const std::exception& e) {
            last_word = message::Failed{reason_of(e, run)};
        }
        settle(it, last_word);
        if (config_.colocated) {  // isolated, the process's end does it
            it.run.reset();
            locks_.leave(run.folder);
        }
        if (last_word) outbox.send(*std::move(last_word));
    }

    std::string reason_of(const std::exception& e, const PlannedRun& run) const {
        const std::string_view words = e.what();
        if (config_.memory_limit == 0 || !is_out_of_memory(words)) return std::string(words);
        return fmt::format("plugin '{}' needs more memory than {} = {} allows: {}", run.plugin->id(),
                           config_.memory_limit_name, size_text(config_.memory_limit), words);
    }

    /// An epoch that was done before is told of, and a disk that refused it matters more than what came then.
    static void settle(const Session& it, std::optional<WorkerMessage>& last_word) {
        if (!it.run) return;
        try {
            it.run->await_writer();
        } catch (const StorageError& e) {
            last_word = message::StorageFailed{e.what()};
        } catch (const std::exception&) {  // what is to be told is told
        }
    }

    void abandon_all() {
        for (const Session& each : sessions_) {
            if (!each.run) continue;
            each.run->abandon();
            std::optional<WorkerMessage> fault;
            settle(each, fault);
            if (fault) RunOutbox(outbox_, each.asked.number).send(*std::move(fault));
        }
        is_usable_ = false;
    }

    const Plan& plan_;
    const WorkerConfig& config_;
    RunLocks& locks_;
    const Outbox& outbox_;
    Inbox& inbox_;
    MemoryWatch memory_;
    std::unique_ptr<Writer> writer_;
    std::list<Session> sessions_;  ///< after the writer: what it still does for them is waited for
    bool has_begun_ = false;
    bool no_more_ = false;
    bool is_usable_ = true;  ///< this process
};

}  // namespace

void work(const Plan& plan, const WorkerConfig& config, RunLocks& locks, const Outbox& outbox, Inbox& inbox) {
    Work(plan, config, locks, outbox, inbox).run();
}

void try_first_steps(const PlannedRun& run, const Device& device, const Outbox& outbox) {
    constexpr int enough_steps = 16;  // where batches are never whole, none is captured
    const RunOutbox supervisor(outbox, 0);
    try {
        const Plugin plugin = load_plugin(*run.plugin);
        // Never destroyed: after NotCaptured it must not be, and the process ends anyway.
        auto* const trainer = engine()
                                  .make_trainer(run.settings, plugin, run.params, *run.dataset, device,
                                                {.graphs = true, .colocated = true, .gpu = ""})
                                  .release();
        int steps = 0;
        trainer->run_epoch([&](const Progress&) { return !trainer->captured() && ++steps < enough_steps; });
        if (trainer->captured()) supervisor.send(message::Captured{});
    } catch (const NotCaptured& e) {
        supervisor.send(message::NotCaptured{e.what()});
    } catch (const GpuFault& e) {
        supervisor.send(to_message(e));
    } catch (const std::exception& e) {
        supervisor.send(message::Failed{e.what()});
    }
}

}  // namespace labhost
