#include "sweep/execute.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/console.hpp"
#include "support/error.hpp"
#include "support/machine.hpp"
#include "support/signals.hpp"
#include "sweep/dispatch.hpp"
#include "sweep/follow_up.hpp"
#include "sweep/gpu_watch.hpp"
#include "sweep/outcome.hpp"
#include "sweep/words.hpp"
#include "train/engine.hpp"

namespace labhost {

namespace {

constexpr std::chrono::milliseconds tick{50};
constexpr std::chrono::seconds grace{30};  // for a run's step and its checkpoint, when stopping

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};

/// The loop between what waits, what is under way, and what comes of it.
class Sweep {
public:
    Sweep(Plan& plan, const SweepOptions& options, SweepObserver& observer, const Machine& machine, WorkerPool& workers)
        : sweep_{.plan = plan,
                 .options = options,
                 .observer = observer,
                 .machine = machine,
                 .workers = workers,
                 .limits = limits_of(plan, options, machine),
                 .queue = RunQueue(plan, options.force),
                 .under_way = {},
                 .gpus = Gpus(machine.gpus.size()),
                 .captures = Captures(machine.gpus),
                 .trials = Trials(workers),
                 .records = {}} {}

    void run() {
        begin();
        for (;;) {
            if (!stopping_since_ && StopSignals::noted() != 0) stop();
            if (!stopping_since_ && (is_news_ || now() - filled_ >= tick)) fill();
            give_up_if_broken();
            if (!sweep_.under_way.has_runs() && (stopping_since_ || sweep_.queue.is_empty())) break;
            for (const WorkerEvent& event : sweep_.workers.wait(tick)) hear(event);
            look_after_workers();
            if (!stopping_since_) dispatch_.pause_for_the_longest();
            sweep_.observer.tick();
        }
        end();
    }

private:
    SweepTime now() const { return sweep_.workers.now(); }

    void begin() {
        const auto& waiting = sweep_.queue.waiting();
        if (!waiting.empty()) sweep_.workers.prepare(sweep_.records.open(waiting.front().run->folder.parent_path()));
        sweep_.observer.sweep_started(sweep_.plan, waiting.size(), sweep_.limits.jobs);
        for (const PlannedRun* run : sweep_.queue.finished_before()) sweep_.observer.run_ended(*run, true);
    }

    void fill() {
        is_news_ = false;
        filled_ = now();
        dispatch_.fill();
    }

    /// What is left to say.
    void end() {
        if (!broken_) follow_up_.record_suspects();
        if (!sweep_.records.fault().empty()) throw StorageError(sweep_.records.fault());
        if (broken_) throw Error(ExitCode::run_failed, *broken_);
        StopSignals::check();
        if (dispatch_.stranded().empty()) return;
        const std::string words = words::stranded(dispatch_.stranded(), sweep_.gpus);
        if (sweep_.gpus.all_are_benched()) throw Error(ExitCode::run_failed, words);
        diagnose(words + "\n");
    }

    void hear(const WorkerEvent& event) {
        if (const auto* ended = std::get_if<WorkerEnded>(&event.what)) {
            if (const auto trial = sweep_.trials.take(event.worker, ended->end)) {
                is_news_ = true;
                gpu_watch_.trial_ended(*trial);
            } else if (sweep_.under_way.find(event.worker) != nullptr) {
                worker_ended(event.worker, *ended);
            }
        } else if (const auto* output = std::get_if<WorkerOutput>(&event.what)) {
            const Worker* const worker = sweep_.under_way.find(event.worker);
            const bool has_one_run = worker != nullptr && !worker->config.colocated;
            sweep_.observer.message(has_one_run ? worker->example : nullptr, output->line);
        } else {
            const auto& message = std::get<RunMessage>(event.what);
            if (sweep_.trials.hear(event.worker, message.what)) return;
            Attempt* const attempt = sweep_.under_way.find(event.worker, message.run);
            if (attempt != nullptr) hear_run(*attempt, message.what);
        }
    }

    void hear_run(Attempt& attempt, const WorkerMessage& what) {
        attempt.hear(what, now());
        Worker& worker = *sweep_.under_way.find(attempt.worker);
        const PlannedRun& run = *attempt.task.run;
        std::visit(Overloaded{
                       [&](const message::Resumed& resumed) { dispatch_.announce(attempt, resumed.at); },
                       [&](const message::Progressed& progressed) {
                           if (!worker.computes_since) worker.computes_since = now();
                           follow_up_.record_suspects();  // the machine computes: those that died did so by themselves
                           sweep_.observer.progressed(run, progressed.at);
                       },
                       [&](const message::EpochFinished& epoch) { sweep_.observer.epoch_finished(run, epoch.metrics); },
                       [&](const message::Warned& warned) {
                           sweep_.observer.message(nullptr, warned.words);
                           dispatch_.announce(attempt, std::nullopt);
                       },
                       [&](const message::Captured&) { sweep_.captures.learn(run, worker.config.device, {}); },
                       [&](const message::Measured& measured) {
                           worker.fit = runs_that_fit(measured.memory, worker.most_runs);
                           worker.is_measured = true;
                           is_news_ = true;
                       },
                       [&](const message::NotCaptured& not_captured) {
                           worker.fault = {WorkerFault::StepNotCaptured{}};
                           worker.is_closed = true;
                           sweep_.captures.learn(run, worker.config.device,
                                                 {.captured = false, .why = not_captured.why});
                           dispatch_.say_not_captured(*run.plugin, not_captured.why);
                       },
                       [&](const message::GpuFaulted& faulted) {
                           gpu_watch_.faulted(attempt, worker, {faulted.kind, faulted.code, faulted.words});
                       },
                       [&](const message::StorageFailed& failed) {
                           sweep_.records.note_fault(failed.words);
                           stop();
                       },
                       [](const auto&) {},
                   },
                   what);
    }

    void look_after_workers() {
        const auto& workers = sweep_.under_way.workers();
        for (std::size_t i = 0; i < workers.size(); ++i) {  // none ends meanwhile
            Worker& worker = *workers[i];
            if (stopping_since_ && now() - *stopping_since_ > grace * (1 + sweep_.under_way.runs_of(worker.id)))
                sweep_.workers.kill(worker.id);
            if (!worker.config.colocated) continue;
            const Attempt* const over_its_time = sweep_.under_way.share_out_time(worker, now());
            if (over_its_time != nullptr && !worker.is_closed && !stopping_since_) {  // it may hang
                const PlannedRun& run = *over_its_time->task.run;
                sweep_.observer.message(nullptr, words::over_its_time(run, *run.settings.trainer.timeout));
                worker.is_closed = true;
                sweep_.workers.kill(worker.id);
            }
            for (const auto& over : sweep_.under_way.take_attempts(worker.id, /*all=*/false)) finish(*over, worker, {});
        }
    }

    void worker_ended(WorkerId id, const WorkerEnded& ended) {
        const std::unique_ptr<Worker> worker = sweep_.under_way.take(id);
        const auto attempts = sweep_.under_way.take_attempts(id, /*all=*/true);
        sweep_.gpus.note_left(worker->config.device, now());
        const bool died = ended.end.how != ChildEnd::How::completed;
        if (worker->config.colocated && may_die_young(worker->fault, worker->config.device, died) &&
            sweep_.under_way.has_little_to_lose(*worker, now())) {
            worker->died_young = true;
            sweep_.under_way.note_young_death();
        }
        auto* const of_gpu = std::get_if<WorkerFault::OfGpu>(&worker->fault.what);
        if (of_gpu != nullptr && sweep_.gpus.is_benched(worker->config.device.index))
            of_gpu->verdict = GpuVerdict::benched;  // by another worker, perhaps
        if (worker->config.colocated && !worker->fault.is_any() && died && !stopping_since_ &&
            !std::ranges::all_of(attempts, [](const auto& attempt) { return attempt->is_over(); }))
            sweep_.observer.message(nullptr, words::process_died(attempts, ended.end, worker->died_young));
        for (const auto& attempt : attempts) finish(*attempt, *worker, ended);
    }

    /// An attempt is over, its worker perhaps not.
    void finish(Attempt& attempt, const Worker& worker, const WorkerEnded& ended) {
        is_news_ = true;
        Task task = attempt.task;
        if (attempt.has_computed)
            sweep_.queue.throughput().add(task.run->settings.model, attempt.work_done_here(),
                                          seconds_between(attempt.start, now()));
        if (attempt.reached) task.from_scratch = false;  // it has begun, and can go on
        const Outcome outcome = outcome_of(end_of(attempt, worker, ended), {.retries = sweep_.options.retries,
                                                                            .stopping = stopping_since_.has_value()});
        follow_up_.act(outcome, {attempt, std::move(task), ended});
    }

    /// If the machine is in doubt, and there is no run left that could clear it.
    void give_up_if_broken() {
        if (!sweep_.queue.in_doubt() || sweep_.under_way.has_workers() || sweep_.trials.any_under_way() ||
            stopping_since_)
            return;
        broken_ = words::broken_machine(sweep_.queue.suspects());
        stop();
    }

    /// No new runs; the running ones write a checkpoint after their step and end.
    void stop(const std::string& why = "") {
        if (stopping_since_) return;
        if (!why.empty()) sweep_.observer.message(nullptr, why);
        stopping_since_ = now();
        sweep_.trials.discard_all();
        for (const auto& worker : sweep_.under_way.workers()) sweep_.workers.ask_to_pause(worker->id);
    }

    SweepState sweep_;
    Dispatch dispatch_{sweep_};
    GpuWatch gpu_watch_{sweep_, dispatch_};
    FollowUp follow_up_{sweep_, [this](const std::string& why) { stop(why); }};
    bool is_news_ = true;  ///< more runs may have a place than when it was last looked for
    SweepTime filled_{};
    std::optional<SweepTime> stopping_since_{};
    std::optional<std::string> broken_{};
};

}  // namespace

Machine this_machine(const Plan& plan) {
    Machine machine{.cores = usable_cores()};
    if (std::ranges::any_of(plan.runs, [](const PlannedRun& run) { return run.device.cuda; })) {
        for (const Gpu& gpu : survey_gpus().gpus) machine.gpus.push_back(gpu.name);
        machine.shares_gpus = engine().gpu_can_be_shared();
    }
#if !defined(__SANITIZE_ADDRESS__)  // its shadow memory counts too, so that a sanitizer knows no limits
    machine.memory = usable_memory() / 10 * 9;
#endif
    return machine;
}

void execute(Plan& plan, const SweepOptions& options, SweepObserver& observer, const Machine& machine,
             WorkerPool& workers) {
    const StopSignals signals;
    Sweep(plan, options, observer, machine, workers).run();
}

void execute(Plan& plan, const SweepOptions& options, SweepObserver& observer) {
    const Machine machine = this_machine(plan);
    const auto workers = forked_workers(plan);
    execute(plan, options, observer, machine, *workers);
}

}  // namespace labhost
