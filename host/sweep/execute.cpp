#include "sweep/execute.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "record/run_folder.hpp"
#include "record/run_lock.hpp"
#include "support/child.hpp"
#include "support/console.hpp"
#include "support/error.hpp"
#include "support/machine.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"
#include "sweep/captures.hpp"
#include "sweep/gpus.hpp"
#include "sweep/schedule.hpp"
#include "sweep/worker.hpp"
#include "train/engine.hpp"
#include "train/gpu_fault.hpp"

namespace labhost {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds tick{50};
constexpr milliseconds look_at_memory_every{200};
constexpr milliseconds ask_for_claimed_runs_every{300};
constexpr std::chrono::seconds grace{30};  // for a run's step and its checkpoint, when stopping
constexpr std::size_t deaths_of_a_broken_machine = 3;
constexpr std::size_t most_suspects = 8;
constexpr std::chrono::seconds look_for_the_longest_every{1};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// A run that is to be trained.
struct Task {
    PlannedRun* run{};
    std::size_t index = 0;  ///< in the plan, from 1
    double done = 0.0;      ///< work in its checkpoint
    int attempts = 0;
    bool anew = false;
    bool claimed = false;            ///< by us, while it waits to be tried again
    bool alone = false;              ///< in a process of its own: something went wrong in company
    Clock::time_point not_before{};  ///< asked for then, since another process has it
};

/// A worker process.
struct Worker {
    WorkerOrders orders{};
    std::unique_ptr<Child> child{};
    const PlannedRun* example{};  ///< of what it trains
    int most_runs = 1;            ///< at once
    int fit = 1;                  ///< of these, by the GPU's memory; 1 until it has been measured
    bool is_measured = false;
    std::uint32_t told = 0;                             ///< runs in its life
    bool no_more = false;                               ///< runs are to come
    std::optional<Clock::time_point> computes_since{};  ///< a run of it has done a batch
    bool not_captured = false;                          ///< what ended it
    std::optional<GpuFault> gpu_fault{};                ///< likewise
    bool tried_elsewhere = false;                       ///< its runs are, by that fault
    bool died_young = false;  ///< perhaps of a plugin that nobody had tried: its runs are tried together again, and
                              ///< such plugins apart
    Clock::time_point looked_at = Clock::now();
    Clock::time_point memory_looked_at{};
    std::uint64_t memory = 0;

    bool shared() const { return orders.colocated; }
    bool is_on(int gpu) const { return orders.device.cuda && orders.device.index == gpu; }
};

/// A task in its worker.
struct Active {
    Task task{};
    Worker* worker{};
    std::uint32_t number = 0;  ///< in the worker's life
    WorkerListener listener{};
    double own_seconds = 0.0;  ///< its share of the worker's time
    Clock::time_point begun = Clock::now();
    Clock::time_point start = begun;  ///< of its first batch in this session
    double earlier_seconds = 0.0;     ///< of the sessions before
    double done_before = 0.0;         ///< work that this session began with
    std::optional<Progress> last{};   ///< of this session
    bool announced = false;           ///< its start
    bool stepped = false;             ///< has done a batch
    bool pausing = false;
    bool paused = false;
    std::optional<std::string> failure{};
    Result result{};

    bool said_its_last() const { return paused || failure || result.finished; }
};

std::string place_of(const std::optional<Progress>& last) {
    if (!last || last->examples == 0) return "before its first batch";
    return fmt::format("in epoch {}, after {} batch {} of {}", last->epoch, last->testing ? "test" : "training",
                       last->batch, last->batches);
}

class Sweep {
public:
    Sweep(Plan& plan, const SweepOptions& options, SweepObserver& observer)
        : plan_(plan), options_(options), observer_(observer) {
        check_options();
        if (is_on_gpu()) gpus_ = Gpus(static_cast<std::size_t>(gpu_count()));
        left_gpu_.resize(gpus_.count());
        jobs_ = options.jobs.value_or(default_jobs());
    }

    void run() {
        begin();
        for (;;) {
            if (!stopping_ && StopSignals::noted() != 0) stop();
            if (!stopping_ && (is_news_ || Clock::now() - filled_ >= tick)) fill();
            if (in_doubt() && active_.empty() && workers_.empty() && !captures_.any_under_way() && !stopping_)
                give_up();
            if (active_.empty() && (stopping_ || waiting_.empty())) break;
            std::vector<Child*> children;
            for (const auto& worker : workers_) children.push_back(worker->child.get());
            captures_.add_children(children);
            wait_for_any(children, tick);
            for (std::size_t i = 0; i < workers_.size();) look(i);
            is_news_ |= look_at_captures();
            if (!stopping_ && Clock::now() - longest_looked_for_ > look_for_the_longest_every) pause_for_the_longest();
            for (const auto& worker : workers_)
                if (stopping_ && Clock::now() - stopping_since_ > grace * (1 + runs_of(*worker))) worker->child->kill();
            observer_.tick();
        }
        if (!broken_) record_suspects();
        if (!storage_fault_.empty()) throw StorageError(storage_fault_);
        if (broken_) throw Error(ExitCode::run_failed, *broken_);
        StopSignals::check();
        tell_of_stranded();
    }

private:
    /// A run that died before its first batch.
    struct Suspect {
        Task task{};
        Result result{};
        ChildEnd::How how{};
        int code = 0;
        std::string output{};
    };

    bool is_on_gpu() const {
        return std::ranges::any_of(plan_.runs, [](const PlannedRun& run) { return run.device.cuda; });
    }

    void check_options() const {
        if (options_.per_gpu && !is_on_gpu())
            throw Error(ExitCode::usage,
                        "labhost: error: --per-gpu: no run of this experiment is on a GPU; give --jobs");
        if (options_.per_process.value_or(1) > 1 && std::ranges::any_of(plan_.runs, [](const PlannedRun& run) {
                return !run.device.cuda && run.settings.trainer.numerics == "fast";
            }))
            throw Error(ExitCode::usage,
                        "labhost: error: --per-process: on a CPU, the kernels of numerics = \"fast\" are a "
                        "process's, so that each run needs its own; leave it out");
        if (options_.per_process.value_or(1) > 1 && is_on_gpu() && !engine().gpu_can_be_shared())
            throw Error(ExitCode::usage,
                        "labhost: error: --per-process: several runs of a process need LibTorch 2.4 or "
                        "later on a GPU; leave it out, and each run has a process");
    }

    int default_jobs() const {
        if (is_on_gpu()) return std::max(1, gpu_count() * runs_for_a_gpu());
        int threads = 1;
        for (const PlannedRun& run : plan_.runs) threads = std::max(threads, run.settings.trainer.threads);
        return std::max(1, usable_cores() / threads);
    }

    /// Each worker keeps a core busy with launching, and processes take turns on a GPU rather than overlap.
    static int processes_for_a_gpu() {
        constexpr int most = 4;
        return std::clamp(usable_cores() / std::max(1, gpu_count()), 1, most);
    }

    /// In one process, where their kernels overlap, beyond nine to twelve nothing is gained (measured on an H100).
    int runs_for_a_gpu() const {
        constexpr int most_in_a_process = 12;
        if (options_.per_gpu) return *options_.per_gpu;
        const bool shared = options_.per_process.value_or(most_in_a_process) > 1 && engine().gpu_can_be_shared();
        return shared ? most_in_a_process : processes_for_a_gpu();
    }

    /// How many runs may be in a process with this one.
    int runs_of_a_process_with(const Task& task, const Device& device) {
        const PlannedRun& run = *task.run;
        const TrainerSettings& trainer = run.settings.trainer;
        // The memory of a process is limited, not that of a run; without graphs a run keeps a core busy.
        if (task.alone || options_.profile || trainer.memory_limit || duplicated_.contains(run.fingerprint) ||
            finished_.contains(run.fingerprint) || captures_.needs_own_process(*run.plugin))
            return 1;
        const int at_once = run.device.cuda && !options_.jobs ? runs_for_a_gpu() : jobs_;
        int most = 1;
        if (run.device.cuda) {
            if (engine().gpu_can_be_shared() && graphs_for(run, device)) most = options_.per_process.value_or(at_once);
        } else if (trainer.numerics != "fast") {  // its kernels are the process's
            most = options_.per_process.value_or(1);
        }
        return std::min({most, at_once, static_cast<int>(most_runs_of_a_worker)});
    }

    /// Whether its steps are to be captured: they are, unless they are known not to be.
    bool graphs_for(const PlannedRun& run, const Device& device) {
        const auto verdict = captures_.verdict_on(*run.plugin, device);
        if (verdict && !verdict->captured) say_not_captured(*run.plugin, verdict->why);
        return !verdict || verdict->captured;
    }

    void say_not_captured(const Plugin& plugin, std::string_view why) {
        if (not_captured_said_.insert(plugin.sha256).second)
            observer_.message(
                nullptr,
                fmt::format("labhost: warning: plugin '{}': a training step cannot be captured as a CUDA graph, so its "
                            "kernels are launched one by one, which is slower; {} (labhost validate {} tries again)",
                            plugin.id(), why, plugin.file.native()));
    }

    void begin() {
        std::size_t index = 0;
        std::vector<const PlannedRun*> finished;
        std::unordered_set<std::string_view> seen;
        for (PlannedRun& run : plan_.runs) {
            ++index;
            if (!seen.insert(run.fingerprint).second || !run.duplicate_of.empty()) duplicated_.insert(run.fingerprint);
            if (!options_.force && !run.duplicate_of.empty()) finished_.emplace(run.fingerprint, run.duplicate_of);
            if (run.status == RunState::finished && !options_.force) {
                finished.push_back(&run);
                finished_.emplace(run.fingerprint, run.folder);
            } else {
                waiting_.push_back({.run = &run, .index = index, .anew = options_.force});
            }
        }
        if (!waiting_.empty()) engine();  // LibTorch, loaded here once, is in every worker's memory
        observer_.sweep_started(plan_, waiting_.size(), jobs_);
        for (const PlannedRun* run : finished) observer_.run_ended(*run, true);
        if (!waiting_.empty()) locks_ = std::make_unique<RunLocks>(waiting_.front().run->folder.parent_path());
    }

    double left(const Task& task) const {
        return throughput_.seconds(task.run->settings.model, std::max(0.0, work_of(*task.run) - task.done));
    }
    double left(const Active& active) const {
        const double done = active.last ? work_done(*active.task.run, *active.last) : active.task.done;
        return throughput_.seconds(active.task.run->settings.model, std::max(0.0, work_of(*active.task.run) - done));
    }

    /// With that many deaths no more are risked, until a worker has shown that it can compute, but of runs of plugins
    /// that no one died of yet: if one computes, it is not the machine.
    bool in_doubt() const { return suspects_.size() >= deaths_of_a_broken_machine; }

    bool may_start(const Task& task, Clock::time_point now) const {
        if (task.not_before > now) return false;
        if (waits_for_duplicate(task)) return false;
        if (!in_doubt()) return true;
        return suspects_.size() < most_suspects && std::ranges::none_of(suspects_, [&](const Suspect& suspect) {
                   return suspect.task.run->plugin == task.run->plugin;
               });
    }

    /// Whether another run of the same fingerprint is, or will be, trained: its numbers will be taken.
    bool waits_for_duplicate(const Task& task) const {
        if (!duplicated_.contains(task.run->fingerprint)) return false;
        const auto is_duplicate = [&](const Task& other) {
            return other.run != task.run && other.run->fingerprint == task.run->fingerprint;
        };
        return std::ranges::any_of(active_, [&](const auto& active) { return is_duplicate(active->task); }) ||
               std::ranges::any_of(waiting_, [&](const Task& other) {
                   // Claimed by another process when we asked, or further on.
                   return is_duplicate(other) && !task.claimed &&
                          (other.not_before != Clock::time_point{} || other.done > task.done);
               });
    }

    int runs_on_gpu(int index) const {
        return static_cast<int>(
            std::ranges::count_if(active_, [&](const auto& active) { return active->worker->is_on(index); }));
    }
    int processes_on_gpu(int index) const {
        return static_cast<int>(
            std::ranges::count_if(workers_, [&](const auto& worker) { return worker->is_on(index); }));
    }
    int runs_of(const Worker& worker) const {
        return static_cast<int>(
            std::ranges::count(active_, &worker, [](const auto& active) { return active->worker; }));
    }

    /// Where a run starts.
    struct Place {
        Worker* worker{};  ///< null: a new one
        Device device{};
        bool colocated = false;
    };

    std::optional<Place> place_for(const Task& task) {
        if (static_cast<int>(active_.size()) >= (in_doubt() ? 1 : jobs_)) return std::nullopt;
        if (!task.run->device.cuda) return place_on(task.run->device, task);
        std::vector<int> runs;
        for (int index = 0; index < static_cast<int>(gpus_.count()); ++index) runs.push_back(runs_on_gpu(index));
        const std::vector<int> candidates = gpus_.to_try(runs, named_gpu(*task.run));
        // One that starts faster does not take what is another's share.
        const bool one_begins = std::ranges::any_of(workers_, [&](const auto& worker) {
            return worker->orders.device.cuda && worker->shared() && !worker->no_more && !worker->is_measured &&
                   std::ranges::find(candidates, worker->orders.device.index) != candidates.end();
        });
        const int share = share_of_a_gpu(std::accumulate(runs.begin(), runs.end(), static_cast<int>(waiting_.size())),
                                         static_cast<int>(candidates.size()));
        for (const int index : candidates) {
            if (one_begins && runs[static_cast<std::size_t>(index)] >= share) continue;
            if (auto place = place_on({.cuda = true, .index = index}, task)) return place;
        }
        return std::nullopt;
    }

    /// "cuda" names none, as "auto" does.
    static std::optional<int> named_gpu(const PlannedRun& run) {
        return run.settings.trainer.device.starts_with("cuda:") ? std::optional(run.device.index) : std::nullopt;
    }

    std::optional<Place> place_on(const Device& device, const Task& task) {
        const int together = runs_of_a_process_with(task, device);
        int places = (in_doubt() ? 1 : jobs_) - static_cast<int>(active_.size());
        if (device.cuda) {
            const int at_once = options_.jobs ? jobs_ : runs_for_a_gpu();
            places = std::min(places, gpus_.most_runs(device.index, at_once) - runs_on_gpu(device.index));
            if (places < 1 || has_a_run_alone(device.index)) return std::nullopt;
            if (task.alone && (processes_on_gpu(device.index) > 0 || captures_.any_on(device))) return std::nullopt;
        }
        if (together > 1) {
            bool wait = false;
            bool tries_itself = false;
            for (const auto& worker : workers_) {
                if (!could_take(*worker, device, task)) continue;
                const int runs = runs_of(*worker);
                wait |= runs < worker->most_runs;  // soon
                tries_itself |= wait && has_little_to_lose(*worker);
                if (runs >= std::min(worker->most_runs, worker->fit)) continue;
                if (runs > 0 && device.cuda && !has_little_to_lose(*worker) &&
                    !captures_.verdict_on(*task.run->plugin, device)) {
                    captures_.try_first_steps(*task.run, device, static_cast<std::size_t>(processes_for_a_gpu()));
                    continue;
                }
                return Place{.worker = worker.get(), .device = device, .colocated = true};
            }
            if (wait) {  // rather than for another process; what can be found out meanwhile, is
                if (device.cuda && !tries_itself && !captures_.verdict_on(*task.run->plugin, device) &&
                    !plugin_trains_on(device, task))
                    captures_.try_first_steps(*task.run, device, static_cast<std::size_t>(processes_for_a_gpu()));
                return std::nullopt;
            }
        }
        if (device.cuda) {
            GpuLoad load{.processes = processes_on_gpu(device.index), .most_processes = processes_for_a_gpu()};
            // As was asked.
            if (options_.jobs || options_.per_gpu) load.most_processes = std::max(jobs_, runs_for_a_gpu());
            if (!gpu_takes_a_process(load, places, together, static_cast<int>(waiting_.size()))) return std::nullopt;
        }
        const bool colocated = together > 1 && std::ranges::any_of(waiting_, [&](const Task& other) {
                                   return other.run != task.run && can_share_a_process(*task.run, *other.run) &&
                                          runs_of_a_process_with(other, device) > 1;
                               });
        return Place{.device = device, .colocated = colocated};
    }

    /// Whether processes of ours, but for so many, have the GPU, or had it a moment ago: where it takes one only, that
    /// one is ours.
    bool may_be_held_by_us(const Device& device, int but) const {
        constexpr std::chrono::seconds moment{5};
        return processes_on_gpu(device.index) > but || captures_.any_on(device) ||
               Clock::now() - left_gpu_.at(static_cast<std::size_t>(device.index)) < moment;
    }
    void note_that_it_left(const Device& device) {
        if (device.cuda) left_gpu_.at(static_cast<std::size_t>(device.index)) = Clock::now();
    }

    bool has_a_run_alone(int gpu) const {
        return std::ranges::any_of(
            active_, [&](const auto& active) { return active->task.alone && active->worker->is_on(gpu); });
    }

    static bool could_take(const Worker& worker, const Device& device, const Task& task) {
        return worker.shared() && !worker.no_more && worker.orders.device.text() == device.text() &&
               can_share_a_process(*worker.example, *task.run);
    }

    /// A plugin that nobody has tried may then be tried there: if it ends the process, that costs less than a process
    /// for each trial. Once in a sweep.
    bool has_little_to_lose(const Worker& worker) const {
        constexpr std::chrono::seconds a_trial{3};  // on an H100 six of them, four at once, delayed q4 by five
        return !one_died_young_ && (!worker.computes_since || Clock::now() - *worker.computes_since < a_trial);
    }

    /// Whether a run of the plugin trains there already, which will tell.
    bool plugin_trains_on(const Device& device, const Task& task) const {
        return std::ranges::any_of(active_, [&](const auto& active) {
            return active->worker->is_on(device.index) && active->task.run->plugin->sha256 == task.run->plugin->sha256;
        });
    }

    /// The longest run that may start, of equals the first in the plan.
    std::vector<Task>::iterator next_to_start(Clock::time_point now, std::optional<Place>& place) {
        auto next = waiting_.end();
        double longest = 0.0;
        for (auto task = waiting_.begin(); task != waiting_.end(); ++task) {
            if (!may_start(*task, now)) continue;
            const double seconds = left(*task);
            if (next != waiting_.end() && seconds <= longest * 1.001) continue;
            auto there = place_for(*task);
            if (!there) continue;
            place = std::move(there);
            next = task;
            longest = seconds;
        }
        return next;
    }

    /// Starts runs until all workers are busy.
    void fill() {
        is_news_ = false;
        filled_ = Clock::now();
        strand();
        while (active_.size() < (in_doubt() ? std::size_t{1} : static_cast<std::size_t>(jobs_))) {
            const auto now = Clock::now();
            std::optional<Place> place;
            const auto next = next_to_start(now, place);
            if (next == waiting_.end()) break;
            if (!locks_->claim(next->run->folder)) {
                if (next->not_before == Clock::time_point{})  // once
                    observer_.message(nullptr, fmt::format("labhost: {} waits: it is claimed by {}",
                                                           next->run->settings.id, holder_of(next->run->folder)));
                next->not_before = now + ask_for_claimed_runs_every;
                continue;
            }
            Task task = *next;
            waiting_.erase(next);
            if (settled_elsewhere(task)) continue;
            start(std::move(task), *place);
        }
        if (captures_.any_under_way()) return;
        for (const auto& worker : workers_)  // what could be found for them, was
            if (worker->shared() && runs_of(*worker) == 0) dismiss(*worker);
    }

    static void dismiss(Worker& worker) {
        if (!std::exchange(worker.no_more, true)) worker.child->tell(no_more_runs());
    }

    /// Sets aside the runs whose GPUs take none.
    void strand() {
        if (gpus_.why_benched().empty()) return;
        const std::vector<int> none(gpus_.count(), 0);
        std::erase_if(waiting_, [&](const Task& task) {
            if (!task.run->device.cuda || !gpus_.to_try(none, named_gpu(*task.run)).empty()) return false;
            if (task.claimed) locks_->release(task.run->folder);
            stranded_.push_back(task.run->settings.id);
            return true;
        });
    }

    void tell_of_stranded() {
        if (stranded_.empty()) return;
        const std::string what_to_do =
            "; `nvidia-smi` and labhost doctor say more; none of them is recorded as failed, and the same command goes "
            "on";
        if (gpus_.all_are_benched())
            throw Error(ExitCode::run_failed, fmt::format("labhost: error: no GPU is left for {} ({}){}",
                                                          text_of_stranded(), gpus_.why_benched(), what_to_do));
        diagnose(fmt::format("labhost: error: {} asked for a GPU that takes no more runs ({}){}\n", text_of_stranded(),
                             gpus_.why_benched(), what_to_do));
    }

    std::string text_of_stranded() const {
        constexpr std::size_t most_named = 8;
        const std::span<const std::string> named(stranded_.data(), std::min(stranded_.size(), most_named));
        return join(named, ", ") +
               (stranded_.size() > most_named ? fmt::format(" and {} more runs", stranded_.size() - most_named) : "");
    }

    void bench(const Device& device, const GpuFault& fault) {
        const auto index = static_cast<std::size_t>(device.index);
        const auto& gpus = survey_gpus().gpus;
        if (gpus_.bench(device.index, one_line(fault.what())))
            observer_.message(
                nullptr,
                fmt::format(
                    "labhost: warning: {} ({}) takes no more runs of this sweep: {}; its runs go on elsewhere, if they "
                    "may; `nvidia-smi` and labhost doctor say more",
                    device.text(), index < gpus.size() ? gpus[index].name : "", one_line(fault.what())));
    }

    bool look_at_captures() {
        return captures_.poll(
            {.judged =
                 [this](const PlannedRun& run, const Device& device, const CaptureVerdict& verdict) {
                     note_that_it_left(device);
                     if (!verdict.captured) say_not_captured(*run.plugin, verdict.why);
                 },
             .gpu_fault =
                 [this](const PlannedRun& run, const Device& device, const GpuFault& fault) {
                     const Blame blame = blame_for(fault.kind(), fault.code(), fault.what(), /*has_computed=*/false);
                     const bool taken_by_us = is_taken(fault) && may_be_held_by_us(device, 0);
                     if (blame == Blame::gpu && !taken_by_us) bench(device, fault);
                     // Too little memory, or no entry, beside the others: it must be tried among them.
                     if (blame == Blame::memory || taken_by_us) captures_.take_as_captured(*run.plugin, device);
                     if (blame == Blame::run) captures_.set_apart(*run.plugin);
                 },
             .set_apart =
                 [this](const PlannedRun& run, const std::string& why) {
                     observer_.message(
                         nullptr,
                         fmt::format(
                             "labhost: runs of plugin '{}' have a process each: the first steps of {} failed: {}",
                             run.plugin->id(), run.settings.id, one_line(why)));
                 }});
    }

    /// Whether another process has ended the run since we looked into its folder.
    bool settled_elsewhere(const Task& task) {
        PlannedRun& run = *task.run;
        if (task.anew || task.claimed || task.attempts > 0) return false;
        std::optional<Result> now = read_result(run.folder);
        if (!now || now->fingerprint != run.fingerprint) return false;
        const bool known_failure =
            !now->finished && run.result && now->reason == run.result->reason && now->seconds == run.result->seconds;
        if (known_failure) return false;
        run.status = now->finished ? RunState::finished : RunState::failed;
        run.result = std::move(now);
        if (run.status == RunState::finished) finished_.insert_or_assign(run.fingerprint, run.folder);
        locks_->release(run.folder);
        if (run.status == RunState::finished)
            observer_.message(nullptr, fmt::format("{}  was finished by another process", run.settings.id));
        observer_.run_ended(run, false);
        return true;
    }

    WorkerOrders orders_for(const Task& task, const Place& place) {
        [[maybe_unused]] const TrainerSettings& trainer = task.run->settings.trainer;  // a sanitizer knows no limits
        WorkerOrders orders{.device = place.device,
                            .memory_limit_name = {},
                            .graphs = !place.device.cuda || graphs_for(*task.run, place.device),
                            .colocated = place.colocated,
                            .profile = options_.profile};
#if !defined(__SANITIZE_ADDRESS__)  // its shadow memory counts too
        if (trainer.memory_limit) {
            orders.memory_limit = *trainer.memory_limit;
            orders.memory_limit_name = "trainer.memory_limit";
        } else if (!orders.device.cuda) {
            // Without end, an allocation would take the whole machine down with it.
            orders.memory_limit = usable_memory() / 10 * 9;
            orders.memory_limit_name = "nine tenths of this machine's memory";
        }
#endif
        return orders;
    }

    void start(Task task, const Place& place) {
        Worker& worker = place.worker != nullptr ? *place.worker : new_worker(task, place);
        auto active = std::make_unique<Active>();
        active->task = std::move(task);
        active->worker = &worker;
        active->number = worker.told++;
        active->listener = listener_for(*active);
        ++active->task.attempts;
        const PlannedRun& run = *active->task.run;
        WorkerRun order{
            .number = active->number, .index = active->task.index - 1, .anew = active->task.anew, .duplicate_of = {}};
        if (const auto duplicate = finished_.find(run.fingerprint); duplicate != finished_.end()) {
            order.duplicate_of = duplicate->second;
            observer_.message(nullptr, fmt::format("{}  is the same as {}; its numbers are taken from there",
                                                   run.settings.id, duplicate->second.filename().native()));
        }
        const bool resumes = !order.anew && file_exists(run.folder / "checkpoint.pt");
        if (!resumes && order.duplicate_of.empty()) tell_start(*active, std::nullopt);
        worker.child->tell(to_message(order));
        active_.push_back(std::move(active));
        if (!worker.shared()) dismiss(worker);
    }

    Worker& new_worker(const Task& task, const Place& place) {
        auto made = std::make_unique<Worker>();
        Worker& worker = *made;
        worker.orders = orders_for(task, place);
        worker.example = task.run;
        worker.most_runs = place.colocated ? runs_of_a_process_with(task, place.device) : 1;
        worker.fit = place.device.cuda ? 1 : worker.most_runs;
        const PlannedRun* only = place.colocated ? nullptr : task.run;
        ChildOptions child{.own_group = true,
                           .on_message = [this, &worker](std::string_view text) { hear(worker, text); },
                           .on_output = [this, only](std::string_view line) { observer_.message(only, line); }};
        if (const auto& timeout = task.run->settings.trainer.timeout; timeout && !place.colocated)
            child.limit = milliseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(*timeout * 1000.0)));
        if (worker.orders.memory_limit != 0) child.memory_limit = worker.orders.memory_limit;
        worker.child = std::make_unique<Child>(std::function<void(const Outbox&, Inbox&)>(
                                                   [this, &orders = worker.orders](const Outbox& outbox, Inbox& inbox) {
                                                       work(plan_, orders, *locks_, outbox, inbox);
                                                   }),
                                               child);
        workers_.push_back(std::move(made));
        return worker;
    }

    void hear(const Worker& worker, std::string_view text) {
        hear_worker(text, [&](std::uint32_t number) -> const WorkerListener* {
            const auto about = std::ranges::find_if(
                active_, [&](const auto& active) { return active->worker == &worker && active->number == number; });
            return about != active_.end() ? &(*about)->listener : nullptr;
        });
    }

    WorkerListener listener_for(Active& it) {
        return {.resumed =
                    [this, &it](const Resumed& resumed) {
                        it.last = resumed.at;
                        it.earlier_seconds = resumed.seconds;
                        if (resumed.has_final) it.result.final = resumed.final;
                        it.done_before = work_done(*it.task.run, resumed.at);
                        tell_start(it, resumed.at);
                    },
                .progressed = [this, &it](const Progress& at) { progressed(it, at); },
                .epoch_finished =
                    [this, &it](const EpochMetrics& metrics) {
                        it.result.final = metrics;
                        observer_.epoch_finished(*it.task.run, metrics);
                    },
                .warned =
                    [this, &it](std::string_view words) {
                        observer_.message(nullptr, words);
                        tell_start(it, std::nullopt);
                    },
                .captured = [this, &it] { captures_.learn(*it.task.run->plugin, it.worker->orders.device, {}); },
                .measured =
                    [this, &it](const MeasuredMemory& memory) {
                        it.worker->fit = runs_that_fit(memory, it.worker->most_runs);
                        it.worker->is_measured = true;
                        is_news_ = true;
                    },
                .paused = [&it] { it.paused = true; },
                .not_captured =
                    [this, &it](std::string_view why) {
                        it.worker->not_captured = true;
                        it.worker->no_more = true;
                        captures_.learn(*it.task.run->plugin, it.worker->orders.device,
                                        {.captured = false, .why = std::string(why)});
                        say_not_captured(*it.task.run->plugin, why);
                    },
                .gpu_fault = [this, &it](const GpuFault& fault) { gpu_fault(it, fault); },
                .finished =
                    [&it](const Finished& finished) {
                        it.result.finished = true;
                        it.result.final = finished.final;
                        it.result.seconds = finished.seconds;
                    },
                .failed = [&it](std::string_view reason) { it.failure = reason; },
                .storage_fault =
                    [this](std::string_view words) {
                        if (storage_fault_.empty()) storage_fault_ = words;
                        stop();
                    }};
    }

    /// The worker ends with it.
    void gpu_fault(Active& it, const GpuFault& fault) {
        Worker& worker = *it.worker;
        const Device& device = worker.orders.device;
        worker.no_more = true;
        worker.gpu_fault = fault;
        const Blame blame = blame_for(fault.kind(), fault.code(), fault.what(), worker.computes_since.has_value());
        if (is_taken(fault) && !it.task.alone && may_be_held_by_us(device, 1)) {
            worker.tried_elsewhere = true;
            it.task.alone = true;
        } else if (blame == Blame::gpu) {
            bench(device, fault);
        } else if (blame == Blame::memory) {
            const int runs = runs_on_gpu(device.index);
            const bool company = runs > 1 || processes_on_gpu(device.index) > 1 || worker.told > 1;
            worker.tried_elsewhere = company;
            if (!company) {
                it.failure = fmt::format(
                    "plugin '{}' needs more memory than {} has, though it had the GPU for itself among this sweep's "
                    "runs: {}; a "
                    "smaller trainer.batch_size or test_batch_size needs less, and `nvidia-smi` shows who else is on "
                    "that GPU",
                    it.task.run->plugin->id(), device.text(), one_line(fault.what()));
            } else if (runs > 1) {
                gpus_.ran_out_of_memory(device.index, runs);
                observer_.message(
                    nullptr,
                    fmt::format(
                        "labhost: warning: {} has too little memory for {} runs at once; its runs go on, at most {} at "
                        "once: {}",
                        device.text(), runs, gpus_.most_runs(device.index, runs), one_line(fault.what())));
            } else {
                it.task.alone = true;  // in a fresh process, which counts
            }
        } else {
            it.failure = fault.what();
        }
    }

    /// Once.
    void tell_start(Active& active, const std::optional<Progress>& from) {
        if (std::exchange(active.announced, true)) return;
        observer_.run_started(*active.task.run, active.task.index, plan_.runs.size(), from);
    }

    void progressed(Active& active, const Progress& at) {
        active.last = at;
        if (!active.stepped) active.start = Clock::now();  // the pace is that of batches
        if (!active.stepped) active.done_before = work_done(*active.task.run, at);
        active.stepped = true;
        if (!active.worker->computes_since) active.worker->computes_since = Clock::now();
        if (!suspects_.empty()) record_suspects();  // the machine computes: those that died did so by themselves
        observer_.progressed(*active.task.run, at);
    }

    /// Looks after the worker at `i`; `i` is the next one afterwards.
    void look(std::size_t& i) {
        Worker& worker = *workers_[i];
        if (worker.orders.memory_limit != 0 && Clock::now() - worker.memory_looked_at > look_at_memory_every) {
            worker.memory_looked_at = Clock::now();
            if (const auto bytes = data_memory_of(worker.child->id()); bytes != 0) worker.memory = bytes;
        }
        const std::optional<ChildEnd> end = worker.child->poll();
        if (!end) {
            ++i;
            watch_time(worker);
            if (worker.shared())
                for (const auto& over : take_from(worker, &Active::said_its_last)) finish(*over, ChildEnd{});
            return;
        }
        const std::unique_ptr<Worker> ended = std::move(workers_[i]);
        note_that_it_left(ended->orders.device);
        workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
        const auto left_behind = take_from(*ended, [](const Active&) { return true; });
        if (ended->shared() && ended->orders.device.cuda && !ended->not_captured && !ended->tried_elsewhere &&
            (ended->gpu_fault || end->how != ChildEnd::How::completed))
            one_died_young_ |= ended->died_young = has_little_to_lose(*ended);
        if (ended->shared() && !ended->gpu_fault && !ended->not_captured && end->how != ChildEnd::How::completed &&
            !stopping_ && !std::ranges::all_of(left_behind, [](const auto& active) { return active->said_its_last(); }))
            say_who_died(left_behind, *end, ended->died_young);
        for (const auto& active : left_behind) finish(*active, *end);
    }

    /// A run's time in company is its share of the worker's; one that is beyond its limit ends the worker, for it may
    /// hang.
    void watch_time(Worker& worker) {
        const auto now = Clock::now();
        const double seconds = std::chrono::duration<double>(now - std::exchange(worker.looked_at, now)).count();
        if (!worker.shared()) return;
        const auto runs = static_cast<std::size_t>(runs_of(worker));
        for (const auto& active : active_) {
            if (active->worker != &worker) continue;
            active->own_seconds += own_share(seconds, runs);
            const auto& limit = active->task.run->settings.trainer.timeout;
            if (!limit || active->own_seconds <= *limit || worker.no_more || stopping_) continue;
            observer_.message(nullptr, fmt::format("labhost: warning: {} was not done after its share of {:g} s "
                                                   "(trainer.timeout) beside other runs; the "
                                                   "process is ended",
                                                   active->task.run->settings.id, *limit));
            worker.no_more = true;
            worker.child->kill();
            return;
        }
    }

    /// The worker's runs for which `is_wanted`, no longer among the active ones.
    template <class Predicate>
    std::vector<std::unique_ptr<Active>> take_from(const Worker& worker, Predicate is_wanted) {
        std::vector<std::unique_ptr<Active>> taken;
        for (std::unique_ptr<Active>& active : active_)
            if (active->worker == &worker && std::invoke(is_wanted, *active)) taken.push_back(std::move(active));
        std::erase(active_, nullptr);
        return taken;
    }

    void say_who_died(const std::vector<std::unique_ptr<Active>>& runs, const ChildEnd& end, bool young) {
        std::string ids;
        for (const auto& active : runs)
            if (!active->said_its_last())
                ids += fmt::format("{}{}", ids.empty() ? "" : ", ", active->task.run->settings.id);
        ChildEnd bare = end;
        bare.output.clear();
        observer_.message(nullptr, fmt::format("labhost: warning: the process that trained {} {}; {}", ids, bare.text(),
                                               young ? "they are tried again, and plugins that are new apart from them"
                                                     : "each of them is tried again in one of its own"));
    }

    void finish(Active& active, const ChildEnd& end) {
        is_news_ = true;
        Task task = active.task;
        PlannedRun& run = *task.run;
        if (active.last && active.stepped)
            throughput_.add(run.settings.model, work_done(run, *active.last) - active.done_before,
                            seconds_since(active.start));
        if (active.last) task.anew = false;  // it has begun, and can go on
        const Worker& worker = *active.worker;
        const bool is_gpus_fault =
            worker.gpu_fault && (worker.tried_elsewhere || gpus_.is_benched(worker.orders.device.index));
        if ((worker.not_captured || is_gpus_fault) && !active.said_its_last() && !stopping_) {
            --task.attempts;
            try_again(std::move(task));
            return;
        }
        if (active.paused || (stopping_ && !active.result.finished && (!active.failure || active.worker->shared()))) {
            if (active.last) task.done = work_done(run, *active.last);
            --task.attempts;
            task.anew = false;
            task.claimed = false;
            run.status = file_exists(run.folder / "checkpoint.pt") ? RunState::resumable : RunState::unfinished;
            observer_.run_paused(run);
            locks_->release(run.folder);
            waiting_.push_back(std::move(task));
            return;
        }
        if (active.result.finished) {
            run.result = active.result;
            record(run, "");
            return;
        }
        // Nobody's but its own.
        const bool alone_there = worker.gpu_fault && worker.gpu_fault->kind() == GpuFault::Kind::out_of_memory;
        if (worker.shared() && !alone_there) {  // it may have suffered what another did
            if (active.failure)
                observer_.message(
                    nullptr, fmt::format("{} failed beside other runs: {}; it is tried again in a process of its own",
                                         run.settings.id, *active.failure));
            --task.attempts;
            task.alone = active.failure || !worker.died_young;
            try_again(std::move(task));
            return;
        }
        active.result.reason = active.failure ? *active.failure : reason_of(active, end);
        active.result.seconds = active.earlier_seconds + seconds_since(active.begun);
        if (task.attempts <= options_.retries) {
            observer_.message(nullptr, fmt::format("{} failed: {}; it is tried again ({} of {})", run.settings.id,
                                                   active.result.reason, task.attempts, options_.retries));
            try_again(std::move(task));
            return;
        }
        Suspect suspect{
            .task = std::move(task), .result = active.result, .how = end.how, .code = end.code, .output = end.output};
        const bool died = !active.failure && !active.stepped &&
                          (end.how == ChildEnd::How::signalled || end.how == ChildEnd::How::exited);
        if (!died || (!suspects_.empty() && (suspects_[0].how != end.how || suspects_[0].code != end.code)))
            record_suspects();
        suspects_.push_back(std::move(suspect));
        if (!died) record_suspects();
    }

    /// In another worker. Its claim is kept: another process must not end it in between.
    void try_again(Task task) {
        PlannedRun& run = *task.run;
        task.claimed = true;
        run.result.reset();
        run.status = file_exists(run.folder / "checkpoint.pt") ? RunState::resumable : RunState::unfinished;
        waiting_.push_back(std::move(task));
    }

    std::string reason_of(const Active& active, const ChildEnd& end) const {
        ChildEnd bare = end;
        bare.output.clear();  // that goes into the log
        std::string reason =
            fmt::format("plugin '{}' {}{} {}", active.task.run->plugin->id(), bare.text(),
                        end.how == ChildEnd::How::timed_out ? " (trainer.timeout)" : "", place_of(active.last));
        if (end.how == ChildEnd::How::signalled && active.worker->memory > active.worker->orders.memory_limit / 10 * 8)
            reason +=
                fmt::format(", when it held {} of the {} that {} allows", size_text(active.worker->memory),
                            size_text(active.worker->orders.memory_limit), active.worker->orders.memory_limit_name);
        if (!end.output.empty()) reason += fmt::format("; it wrote: {}", one_line(end.output));
        return reason;
    }

    void record(PlannedRun& run, const std::string& output) {
        run.result->fingerprint = run.fingerprint;
        try {
            RunFolder(run.folder).close(*run.result, output);
        } catch (const StorageError& e) {
            if (storage_fault_.empty()) storage_fault_ = e.what();
            run.result.reset();
            run.status = RunState::unfinished;
            stop();
            return;
        }
        locks_->release(run.folder);
        run.status = run.result->finished ? RunState::finished : RunState::failed;
        if (run.result->finished) finished_.insert_or_assign(run.fingerprint, run.folder);
        observer_.run_ended(run, false);
        if (!run.result->finished && options_.fail_fast && !stopping_) {
            observer_.message(nullptr,
                              "stopping at the first failure (--fail-fast); the other runs keep their checkpoints");
            stop();
        }
    }

    void record_suspects() {
        for (Suspect& suspect : std::exchange(suspects_, {})) {
            suspect.task.run->result = suspect.result;
            record(*suspect.task.run, suspect.output);
        }
    }

    void give_up() {
        std::string ids;
        for (const Suspect& suspect : suspects_)
            ids += fmt::format("{}{}", ids.empty() ? "" : ", ", suspect.task.run->settings.id);
        broken_ = fmt::format(
            "labhost: error: {} workers died one after another before their first batch ({}; the last: {}); that is "
            "taken for a broken machine rather than for faults of the runs, none of which is recorded as failed; if it "
            "is "
            "the plugin, labhost validate {} says so; the same command goes on",
            suspects_.size(), ids, suspects_.back().result.reason, suspects_.back().task.run->plugin->file.native());
        stop();
    }

    /// No new runs; the running ones write a checkpoint after their step and end.
    void stop() {
        if (stopping_) return;
        stopping_ = true;
        stopping_since_ = Clock::now();
        captures_.end_all();
        for (const auto& worker : workers_) worker->child->signal(SIGUSR1);
    }

    void pause_for_the_longest() {
        const auto now = Clock::now();
        longest_looked_for_ = now;
        std::vector<double> waiting;
        for (const Task& task : waiting_)
            if (task.not_before <= now && !duplicated_.contains(task.run->fingerprint)) waiting.push_back(left(task));
        if (waiting.empty()) return;
        std::vector<double> running;
        for (const auto& active : active_) {
            if (!active->stepped || active->pausing || active->task.anew || active->worker->orders.device.cuda ||
                active->worker->shared())
                return;
            running.push_back(seconds_left(*active));
        }
        if (const auto chosen = run_to_pause(running, waiting, jobs_)) {
            active_[*chosen]->pausing = true;
            active_[*chosen]->worker->child->signal(SIGUSR1);
        }
    }

    /// By this run's own pace in this session, once there is some.
    double seconds_left(const Active& active) {
        const double done = work_done(*active.task.run, *active.last) - active.done_before;
        const double seconds = seconds_since(active.start);
        const double left_work = std::max(0.0, work_of(*active.task.run) - work_done(*active.task.run, *active.last));
        return done > 0.0 && seconds > 1.0 ? left_work * seconds / done : left(active);
    }

    Plan& plan_;
    const SweepOptions& options_;
    SweepObserver& observer_;
    int jobs_ = 1;
    std::unique_ptr<RunLocks> locks_;
    std::vector<Task> waiting_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::unique_ptr<Active>> active_;
    std::vector<Suspect> suspects_;  ///< died before their first batch; not recorded before it is known why
    std::unordered_set<std::string> duplicated_;                       ///< fingerprints that several runs have
    std::unordered_map<std::string, std::filesystem::path> finished_;  ///< folders, by fingerprint
    Gpus gpus_{0};
    std::vector<Clock::time_point> left_gpu_;  ///< when the last process of ours did, of each
    Captures captures_;
    bool one_died_young_ = false;              ///< a worker
    std::set<std::string> not_captured_said_;  ///< hashes of plugins
    std::vector<std::string> stranded_;        ///< ids of runs whose GPUs take no more
    Throughput throughput_;
    Clock::time_point longest_looked_for_;
    bool is_news_ = true;  ///< more runs may have a place than when it was last looked for
    Clock::time_point filled_;
    bool stopping_ = false;
    Clock::time_point stopping_since_;
    std::string storage_fault_;
    std::optional<std::string> broken_;
};

}  // namespace

void execute(Plan& plan, const SweepOptions& options, SweepObserver& observer) {
    const StopSignals signals;
    Sweep(plan, options, observer).run();
}

}  // namespace labhost
