#include "sweep/dispatch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "record/run_layout.hpp"
#include "support/files.hpp"
#include "sweep/schedule.hpp"
#include "sweep/words.hpp"

namespace labhost {

namespace {

constexpr std::chrono::milliseconds ask_for_claimed_runs_every{300};
constexpr std::chrono::seconds look_for_the_longest_every{1};

}  // namespace

void Dispatch::fill() {
    strand();
    while (start_next()) {
    }
    if (sweep_.trials.any_under_way()) return;
    for (const auto& worker : sweep_.under_way.workers())  // what could be found for them, was
        if (worker->config.colocated && sweep_.under_way.runs_of(worker->id) == 0) close(*worker);
}

MachineState Dispatch::state() const {
    return {.machine = sweep_.machine,
            .options = sweep_.options,
            .limits = sweep_.limits,
            .workers = sweep_.under_way.states(sweep_.workers.now()),
            .trials = sweep_.trials.devices(),
            .gpus = sweep_.gpus,
            .captures = sweep_.captures,
            .queue = sweep_.queue};
}

bool Dispatch::start_next() {
    const SweepTime now = sweep_.workers.now();
    const MachineState machine = state();
    if (machine.runs() >= machine.most_at_once()) return false;
    std::optional<Place> place;
    std::vector<WantedTrial> trials;
    const Task* const next = sweep_.queue.next(now, [&](const Task& task) {
        auto found = place_for(task, machine, trials);
        if (found) place = std::move(found);
        return found.has_value();
    });
    for (const WantedTrial& trial : trials) sweep_.trials.begin(trial, sweep_.limits.processes_for_a_gpu);
    if (next == nullptr) return false;
    if (!sweep_.records.claim(*next->run)) {
        if (sweep_.queue.postpone(*next, now + ask_for_claimed_runs_every))
            sweep_.observer.message(nullptr, words::waits_for_claim(*next->run));
        return true;
    }
    Task task = sweep_.queue.take(*next);
    const bool is_untried = !task.from_scratch && !task.claimed && task.attempts == 0;
    if (!is_untried || !Records::take_up(*task.run)) {
        start(std::move(task), *place);
        return true;
    }
    PlannedRun& run = *task.run;
    sweep_.queue.drop(task);
    sweep_.records.release(run);
    if (run.status == RunState::finished) {
        sweep_.queue.note_finished(run);
        sweep_.observer.message(nullptr, words::finished_elsewhere(run));
    }
    sweep_.observer.run_ended(run, false);
    return true;
}

void Dispatch::start(Task task, const Place& place) {
    const SweepTime now = sweep_.workers.now();
    Worker& worker = place.worker ? *sweep_.under_way.find(*place.worker) : new_worker(task, place);
    ++task.attempts;
    Attempt& attempt = sweep_.under_way.add(
        {.task = std::move(task), .worker = worker.id, .number = worker.told++, .begun = now, .start = now});
    const PlannedRun& run = *attempt.task.run;
    command::Train command{.number = attempt.number,
                           .index = attempt.task.index - 1,
                           .from_scratch = attempt.task.from_scratch,
                           .duplicate_of = sweep_.queue.finished_duplicate(run).value_or("")};
    if (!command.duplicate_of.empty()) sweep_.observer.message(nullptr, words::is_duplicate(run, command.duplicate_of));
    // Where it resumes is said once that is known.
    const bool has_checkpoint = !run.continues.folder.empty() || file_exists(run.folder / run_file::checkpoint);
    const bool resumes = !command.from_scratch && has_checkpoint;
    if (!resumes && command.duplicate_of.empty()) announce(attempt, std::nullopt);
    sweep_.workers.tell(worker.id, command);
    if (!worker.config.colocated) close(worker);
}

Worker& Dispatch::new_worker(const Task& task, const Place& place) {
    const MachineState machine = state();
    const int most_runs = place.colocated ? runs_of_a_process_with(task, place.device, machine) : 1;
    const WorkerConfig config = config_for(task, place, machine);
    if (!config.graphs) say_not_captured(*task.run->plugin, sweep_.captures.verdict_on(*task.run, place.device)->why);
    return sweep_.under_way.add({.id = sweep_.workers.start(config),
                                 .config = config,
                                 .example = task.run,
                                 .most_runs = most_runs,
                                 .fit = place.device.cuda ? 1 : most_runs,
                                 .watched_at = sweep_.workers.now()});
}

void Dispatch::close(Worker& worker) {
    if (!std::exchange(worker.is_closed, true)) sweep_.workers.tell(worker.id, command::NoMoreRuns{});
}

void Dispatch::announce(Attempt& attempt, const std::optional<Progress>& from) {
    if (std::exchange(attempt.is_announced, true)) return;
    sweep_.observer.run_started(*attempt.task.run, attempt.task.index, sweep_.plan.runs.size(), from);
}

void Dispatch::say_not_captured(const Plugin& plugin, const std::string& why) {
    if (not_captured_said_.insert(plugin.sha256).second)
        sweep_.observer.message(nullptr, words::not_captured(plugin, why));
}

/// Sets aside the runs whose GPUs take none.
void Dispatch::strand() {
    if (sweep_.gpus.why_benched().empty()) return;
    const std::vector<int> none(sweep_.gpus.count(), 0);
    const auto is_stranded = [&](const Task& task) {
        return task.run->device.cuda && sweep_.gpus.to_try(none, named_gpu(*task.run)).empty();
    };
    for (const Task& task : sweep_.queue.remove(is_stranded)) {
        if (task.claimed) sweep_.records.release(*task.run);
        stranded_.push_back(task.run->settings.id);
    }
}

void Dispatch::pause_for_the_longest() {
    const SweepTime now = sweep_.workers.now();
    if (now - longest_looked_for_ <= look_for_the_longest_every) return;
    longest_looked_for_ = now;
    const std::vector<double> waiting = sweep_.queue.left_of_startable(now);
    if (waiting.empty()) return;
    std::vector<double> running;
    for (const auto& attempt : sweep_.under_way.attempts()) {
        const Worker& worker = *sweep_.under_way.find(attempt->worker);
        if (!attempt->has_computed || attempt->is_asked_to_pause || attempt->task.from_scratch ||
            worker.config.device.cuda || worker.config.colocated)
            return;
        running.push_back(attempt->seconds_left(sweep_.queue, now));
    }
    if (const auto chosen = run_to_pause(running, waiting, sweep_.limits.jobs)) {
        Attempt& attempt = *sweep_.under_way.attempts()[*chosen];
        attempt.is_asked_to_pause = true;
        sweep_.workers.ask_to_pause(attempt.worker);
    }
}

}  // namespace labhost
