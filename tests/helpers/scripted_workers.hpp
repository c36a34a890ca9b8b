// Workers that a test makes up: what each run says is a script, and time goes by only while the supervisor waits. So
// the rules of a sweep are tested without a process; what is recorded is recorded in real folders.
#pragma once

#include <algorithm>
#include <csignal>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "helpers/temporary_folder.hpp"
#include "record/run_layout.hpp"
#include "support/error.hpp"
#include "sweep/execute.hpp"

namespace labhost::testing {

/// How a worker ends, at a step of a run.
struct Dies {
    int signal = SIGSEGV;
};
struct Exits {
    int code = 1;
};
/// Nothing more comes of the run.
struct Hangs {};

/// One thing of each run happens while the supervisor waits once.
using Step = std::variant<WorkerMessage, Dies, Exits, Hangs>;
using Script = std::vector<Step>;

inline Progress progress_at(std::int64_t batch) {
    return {.epoch = 1,
            .epochs = 1,
            .pass = Pass::train,
            .batch = batch,
            .batches = 10,
            .examples = batch * 10,
            .loss = 0.5};
}

inline EpochMetrics epoch_done(double seconds = 0.0) {
    EpochMetrics metrics;
    metrics.epoch = 1;
    metrics.seconds = seconds;
    return metrics;
}

inline Step batch(std::int64_t number) { return message::Progressed{progress_at(number)}; }
inline Step fails(const std::string& reason) { return message::Failed{reason}; }
inline Step finishes() { return message::Finished{.seconds = 1.0, .final = epoch_done()}; }
inline Step is_captured() { return message::Captured{}; }
inline Step cannot_be_captured() { return message::NotCaptured{"it reads a value back"}; }
inline Step gpu_fault(int code, const std::string& words) {
    return message::GpuFaulted{.kind = GpuFault::Kind::device, .code = code, .words = words};
}
inline Step out_of_memory() {
    return message::GpuFaulted{.kind = GpuFault::Kind::out_of_memory, .code = 2, .words = "CUDA out of memory"};
}
/// With room for so many runs like the first in the GPU's memory.
inline Step measured(std::uint64_t room) {
    constexpr std::uint64_t run = std::uint64_t{1} << 30;
    constexpr std::uint64_t margin = 1;  // a sixteenth is kept
    const std::uint64_t total = (room + margin) * run;
    return message::Measured{{.before = {total, total}, .now = {total - run, total}, .runs = 1, .all_tested = true}};
}

/// So many batches, and then its end.
inline Script trains(std::int64_t batches) {
    Script script;
    for (std::int64_t i = 1; i <= batches; ++i) script.push_back(batch(i));
    script.emplace_back(message::EpochFinished{epoch_done()});
    script.push_back(finishes());
    return script;
}

/// `before`, then as if nothing had been.
inline Script then_trains(Script before, std::int64_t batches = 3) {
    for (Step& step : trains(batches)) before.push_back(std::move(step));
    return before;
}

class ScriptedWorkers final : public WorkerPool {
public:
    explicit ScriptedWorkers(const Plan& plan) : plan_(plan) {}

    /// By run: of its first attempt, its second, ...; what is not said trains for three batches.
    std::map<std::string, std::vector<Script>> scripts;
    /// By plugin: what its trial says; what is not said can be captured.
    std::map<std::string, Step> trials;
    /// Called each time the supervisor waits, with how often it has.
    std::function<void(int waits)> on_wait = [](int) {};
    std::uint64_t memory = 0;        ///< that each worker held at its end
    bool writes_checkpoints = true;  ///< where it is asked to pause

    /// A run that was begun in a worker.
    struct Begun {
        std::string run;
        WorkerId worker;
        WorkerConfig config;
        bool from_scratch;
        std::filesystem::path duplicate_of;
        int beside;   ///< runs of its worker then
        int at_once;  ///< runs of all workers then, itself included
        int waits;    ///< when
    };
    std::vector<Begun> begun;
    std::vector<std::string> tried;  ///< trials, by run
    int discarded = 0;               ///< of them
    std::vector<WorkerId> killed;
    int workers_made = 0;

    std::vector<std::string> order() const {
        std::vector<std::string> ids;
        for (const Begun& one : begun) ids.push_back(one.run);
        return ids;
    }
    std::vector<Begun> of(const std::string& run) const {
        std::vector<Begun> found;
        std::ranges::copy_if(begun, std::back_inserter(found), [&](const Begun& one) { return one.run == run; });
        return found;
    }
    int most_at_once() const {
        int most = 0;
        for (const Begun& one : begun) most = std::max(most, one.at_once);
        return most;
    }

    void prepare(RunLocks& /*locks*/) override { prepared = true; }
    bool prepared = false;

    WorkerId start(const WorkerConfig& config) override {
        if (most_workers && workers_made >= *most_workers)
            throw Error(ExitCode::run_failed, "no child process: too many");
        ++workers_made;
        workers_[next_].config = config;
        return next_++;
    }
    std::optional<int> most_workers;

    WorkerId start_trial(const PlannedRun& run, const Device& /*device*/) override {
        tried.push_back(run.settings.id);
        const auto said = trials.find(run.plugin->id());
        workers_[next_].trial = said != trials.end() ? said->second : is_captured();
        return next_++;
    }

    void tell(WorkerId id, const WorkerCommand& command) override {
        Worker& worker = workers_.at(id);
        if (const auto* train = std::get_if<command::Train>(&command)) {
            const PlannedRun& run = plan_.runs.at(train->index);
            const std::string& name = run.settings.id;
            const auto attempt = static_cast<std::size_t>(attempts_[name]++);
            const auto known = scripts.find(name);
            const Script script =
                known != scripts.end() && attempt < known->second.size() ? known->second[attempt] : trains(3);
            int at_once = 1;
            for (const auto& [other, state] : workers_) at_once += static_cast<int>(state.runs.size());
            begun.push_back({name, id, worker.config, train->from_scratch, train->duplicate_of,
                             static_cast<int>(worker.runs.size()), at_once, waits_});
            worker.runs.push_back({train->number, &run, {script.begin(), script.end()}});
        } else {
            worker.no_more = true;
        }
    }
    void ask_to_pause(WorkerId id) override {
        if (workers_.contains(id)) workers_[id].pausing = true;
    }
    void kill(WorkerId id) override {
        killed.push_back(id);
        if (workers_.contains(id)) workers_[id].killed = true;
    }
    void discard(WorkerId id) override { discarded += static_cast<int>(workers_.erase(id)); }

    std::vector<WorkerEvent> wait(std::chrono::milliseconds longest) override {
        on_wait(++waits_);
        if (waits_ > 20000) throw std::runtime_error("the sweep does not come to an end");
        now_ += longest;
        std::vector<WorkerEvent> events;
        for (auto it = workers_.begin(); it != workers_.end();) {
            const std::optional<ChildEnd> end = advance(it->first, it->second, events);
            if (end) events.push_back({it->first, WorkerEnded{.end = *end, .memory = memory}});
            it = end ? workers_.erase(it) : std::next(it);
        }
        return events;
    }

    SweepTime now() const override { return now_; }

private:
    struct Run {
        std::uint32_t number;
        const PlannedRun* planned;
        std::deque<Step> left;
    };
    struct Worker {
        WorkerConfig config{};
        std::optional<Step> trial{};
        std::deque<Run> runs{};
        bool no_more = false;
        bool pausing = false;
        bool killed = false;
    };

    /// A step of each of its runs.
    std::optional<ChildEnd> advance(WorkerId id, Worker& worker, std::vector<WorkerEvent>& events) {
        using How = ChildEnd::How;
        if (worker.killed) return ChildEnd{.how = How::signalled, .code = SIGKILL};
        if (worker.trial) return end_of_trial(id, *worker.trial, events);
        for (auto run = worker.runs.begin(); run != worker.runs.end();) {
            if (const bool hangs = std::holds_alternative<Hangs>(run->left.front()); hangs) {
                ++run;
                continue;
            }
            const Step step = worker.pausing ? Step(paused(*run)) : run->left.front();
            run->left.pop_front();
            if (const auto* dies = std::get_if<Dies>(&step))
                return ChildEnd{.how = How::signalled, .code = dies->signal};
            if (const auto* exits = std::get_if<Exits>(&step)) return ChildEnd{.how = How::exited, .code = exits->code};
            const auto& message = std::get<WorkerMessage>(step);
            events.push_back({id, RunMessage{.run = run->number, .what = message}});
            if (is_last_word(message) && !ends_run(message) && !std::holds_alternative<message::StorageFailed>(message))
                return ChildEnd{};  // the worker ends with it
            run = is_last_word(message) ? worker.runs.erase(run) : std::next(run);
        }
        if (worker.runs.empty() && (worker.no_more || worker.pausing)) return ChildEnd{};
        return std::nullopt;
    }

    static std::optional<ChildEnd> end_of_trial(WorkerId id, const Step& step, std::vector<WorkerEvent>& events) {
        if (const auto* dies = std::get_if<Dies>(&step))
            return ChildEnd{.how = ChildEnd::How::signalled, .code = dies->signal};
        if (std::holds_alternative<Hangs>(step)) return std::nullopt;
        if (const auto* said = std::get_if<WorkerMessage>(&step)) events.push_back({id, RunMessage{.what = *said}});
        return ChildEnd{};
    }

    WorkerMessage paused(const Run& run) const {
        if (writes_checkpoints) {
            std::filesystem::create_directories(run.planned->folder);
            std::ofstream(run.planned->folder / run_file::checkpoint) << "a checkpoint";
        }
        return message::Paused{};
    }

    const Plan& plan_;
    std::map<WorkerId, Worker> workers_;
    std::map<std::string, int> attempts_;
    SweepTime now_ = SweepTime{} + std::chrono::hours(1);
    WorkerId next_ = 1;
    int waits_ = 0;
};

/// Keeps what a sweep tells.
class KeptObserver final : public SweepObserver {
public:
    std::vector<std::string> events;    ///< "start a-s1", "pause a-s1", "end a-s1 finished"
    std::vector<std::string> messages;  ///< "a-s1: line" of a run
    int jobs = 0;
    std::size_t to_train = 0;

    void sweep_started(const Plan& /*plan*/, std::size_t count, int at_once) override {
        to_train = count;
        jobs = at_once;
    }
    void run_started(const PlannedRun& run, std::size_t /*index*/, std::size_t /*total*/,
                     const std::optional<Progress>& from) override {
        events.push_back((from ? "resume " : "start ") + run.settings.id);
    }
    void progressed(const PlannedRun& /*run*/, const Progress& /*progress*/) override {}
    void epoch_finished(const PlannedRun& run, const EpochMetrics& /*metrics*/) override {
        events.push_back("epoch " + run.settings.id);
    }
    void run_paused(const PlannedRun& run) override { events.push_back("pause " + run.settings.id); }
    void run_ended(const PlannedRun& run, bool was_finished) override {
        events.push_back("end " + run.settings.id + " " + to_text(run.status) + (was_finished ? " before" : ""));
    }
    void message(const PlannedRun* run, std::string_view line) override {
        messages.push_back((run != nullptr ? run->settings.id + ": " : "") + std::string(line));
    }
    void tick() override {}

    int count(const std::string& event) const { return static_cast<int>(std::ranges::count(events, event)); }
    bool has_said(const std::string& part) const {
        return std::ranges::any_of(messages,
                                   [&](const std::string& line) { return line.find(part) != std::string::npos; });
    }
};

/// A plan of made-up runs in a folder of its own, a machine for it, and its sweep.
class MadeUpSweep {
public:
    MadeUpSweep() {
        setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
        dataset_.train.count = 100;
    }

    /// A run of the plugin `model`, "MODEL-sSEED".
    PlannedRun& add(const std::string& model, int seed = 1) {
        auto& plugin = plugins_[model];
        if (!plugin) {
            plugin = std::make_unique<MadeUpPlugin>();
            plugin->id = model;
            plugin->descriptor.id = plugin->id.c_str();
            plugin->plugin.descriptor = &plugin->descriptor;
            plugin->plugin.sha256 = "sha256 of " + model;
            plugin->plugin.file = "/plugins/" + model + ".so";
        }
        PlannedRun& run = plan.runs.emplace_back();
        run.settings.id = model + "-s" + std::to_string(seed);
        run.settings.model = model;
        run.settings.trainer.epochs = 1;
        run.settings.trainer.device = "cpu";
        run.plugin = &plugin->plugin;
        run.dataset = &dataset_;
        run.fingerprint = std::string(8, static_cast<char>('a' + plan.runs.size() % 26)) + run.settings.id;
        run.folder = folder_ / "runs" / "e" / run.settings.id;
        return run;
    }
    MadeUpSweep& add_seeds(const std::string& model, int seeds) {
        for (int seed = 1; seed <= seeds; ++seed) add(model, seed);
        return *this;
    }
    /// All runs are on a GPU, "cuda"; so many are there.
    MadeUpSweep& on_gpus(int count) {
        for (PlannedRun& run : plan.runs) {
            run.settings.trainer.device = "cuda";
            run.device = {.cuda = true, .index = 0};
        }
        machine.shares_gpus = true;
        machine.gpus.assign(static_cast<std::size_t>(count), "Made-up GPU");
        return *this;
    }

    void run() { execute(plan, options, observer, machine, workers); }

    PlannedRun& operator[](const std::string& id) {
        const auto found = std::ranges::find(plan.runs, id, [](const PlannedRun& run) { return run.settings.id; });
        if (found == plan.runs.end()) throw std::runtime_error("no run " + id);
        return *found;
    }
    std::string status(const std::string& id) { return to_text((*this)[id].status); }
    std::string reason(const std::string& id) { return (*this)[id].failure(); }
    bool is_recorded(const std::string& id) { return std::filesystem::exists((*this)[id].folder / run_file::result); }
    /// How many runs have this status.
    int count(const std::string& status) const {
        return static_cast<int>(
            std::ranges::count_if(plan.runs, [&](const PlannedRun& run) { return to_text(run.status) == status; }));
    }
    const TemporaryFolder& folder() const { return folder_; }

    Plan plan;
    SweepOptions options;
    Machine machine{.cores = 2, .memory = std::uint64_t{1} << 30};
    KeptObserver observer;
    ScriptedWorkers workers{plan};

private:
    struct MadeUpPlugin {
        std::string id;
        labhost_descriptor descriptor{};
        Plugin plugin{.stamp = Stamp("")};
    };

    TemporaryFolder folder_;
    Dataset dataset_;
    std::map<std::string, std::unique_ptr<MadeUpPlugin>> plugins_;
};

}  // namespace labhost::testing
