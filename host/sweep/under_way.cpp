#include "sweep/under_way.hpp"

#include <algorithm>
#include <utility>

namespace labhost {

void Attempt::hear(const WorkerMessage& message, SweepTime now) {
    if (is_last_word(message)) last_word = message;
    if (const auto* resumed = std::get_if<message::Resumed>(&message)) {
        reached = resumed->at;
        earlier_seconds = resumed->seconds;
        if (resumed->final) final = resumed->final;
        done_before = work_done(*task.run, resumed->at);
    } else if (const auto* progressed = std::get_if<message::Progressed>(&message)) {
        reached = progressed->at;
        if (std::exchange(has_computed, true)) return;
        start = now;  // throughput is that of batches
        done_before = work_done(*task.run, progressed->at);
    } else if (const auto* epoch = std::get_if<message::EpochFinished>(&message)) {
        final = epoch->metrics;
    }
}

double Attempt::work_done_here() const { return reached ? work_done(*task.run, *reached) - done_before : 0.0; }

double Attempt::seconds_left(const RunQueue& queue, SweepTime now) const {
    constexpr double seconds_that_tell = 1.0;
    const double work = work_of(*task.run);
    const double done = reached ? work_done(*task.run, *reached) : task.done;
    const double seconds = seconds_between(start, now);
    if (has_computed && work_done_here() > 0.0 && seconds > seconds_that_tell)
        return std::max(0.0, work - done) * seconds / work_done_here();
    return queue.throughput().seconds(task.run->settings.model, std::max(0.0, work - done));
}

AttemptEnd end_of(const Attempt& attempt, const Worker& worker, const WorkerEnded& ended) {
    return {.run = attempt.task.run,
            .attempts = attempt.task.attempts,
            .last_word = attempt.last_word,
            .reached = attempt.reached,
            .has_computed = attempt.has_computed,
            .colocated = worker.config.colocated,
            .died_young = worker.died_young,
            .fault = worker.fault,
            .process = ended.end,
            .memory = ended.memory,
            .memory_limit = worker.config.memory_limit,
            .memory_limit_name = worker.config.memory_limit_name};
}

Worker& UnderWay::add(Worker worker) { return *workers_.emplace_back(std::make_unique<Worker>(std::move(worker))); }

Attempt& UnderWay::add(Attempt attempt) {
    return *attempts_.emplace_back(std::make_unique<Attempt>(std::move(attempt)));
}

Worker* UnderWay::find(WorkerId id) {
    const auto it = std::ranges::find(workers_, id, [](const auto& worker) { return worker->id; });
    return it != workers_.end() ? it->get() : nullptr;
}

Attempt* UnderWay::find(WorkerId id, std::uint32_t number) {
    const auto it = std::ranges::find_if(
        attempts_, [&](const auto& attempt) { return attempt->worker == id && attempt->number == number; });
    return it != attempts_.end() ? it->get() : nullptr;
}

std::unique_ptr<Worker> UnderWay::take(WorkerId id) {
    const auto it = std::ranges::find(workers_, id, [](const auto& worker) { return worker->id; });
    std::unique_ptr<Worker> taken = std::move(*it);
    workers_.erase(it);
    return taken;
}

std::vector<std::unique_ptr<Attempt>> UnderWay::take_attempts(WorkerId id, bool all) {
    std::vector<std::unique_ptr<Attempt>> taken;
    for (std::unique_ptr<Attempt>& attempt : attempts_)
        if (attempt->worker == id && (all || attempt->is_over())) taken.push_back(std::move(attempt));
    std::erase(attempts_, nullptr);
    return taken;
}

int UnderWay::runs_of(WorkerId id) const {
    return static_cast<int>(std::ranges::count(attempts_, id, [](const auto& attempt) { return attempt->worker; }));
}

int UnderWay::runs_on_gpu(int index) const {
    return static_cast<int>(std::ranges::count_if(attempts_, [&](const auto& attempt) {
        return !attempt->is_over() && std::ranges::any_of(workers_, [&](const auto& worker) {
            return worker->id == attempt->worker && worker->is_on(index);
        });
    }));
}

int UnderWay::processes_on_gpu(int index) const {
    return static_cast<int>(std::ranges::count_if(workers_, [&](const auto& worker) { return worker->is_on(index); }));
}

const Attempt* UnderWay::share_out_time(Worker& worker, SweepTime now) {
    const double seconds = seconds_between(std::exchange(worker.watched_at, now), now);
    const auto runs = static_cast<std::size_t>(runs_of(worker.id));
    const Attempt* over = nullptr;
    for (const auto& attempt : attempts_) {
        if (attempt->worker != worker.id) continue;
        attempt->share += own_share(seconds, runs);
        const auto& limit = attempt->task.run->settings.trainer.timeout;
        if (over == nullptr && limit && attempt->share > *limit) over = attempt.get();
    }
    return over;
}

bool UnderWay::has_little_to_lose(const Worker& worker, SweepTime now) const {
    constexpr std::chrono::seconds a_trial{3};  // on an H100 six of them, four at once, delayed q4 by five
    return !one_died_young_ && (!worker.computes_since || now - *worker.computes_since < a_trial);
}

std::vector<WorkerState> UnderWay::states(SweepTime now) const {
    std::vector<WorkerState> states;
    for (const auto& worker : workers_) {
        WorkerState state{.id = worker->id,
                          .device = worker->config.device,
                          .example = worker->example,
                          .is_open = worker->config.colocated && !worker->is_closed,
                          .most_runs = worker->most_runs,
                          .fit = worker->fit,
                          .is_measured = worker->is_measured,
                          .has_little_to_lose = has_little_to_lose(*worker, now)};
        for (const auto& attempt : attempts_) {
            if (attempt->worker != worker->id) continue;
            state.runs.push_back(attempt->task.run);
            state.has_isolated_run |= attempt->task.isolated;
        }
        states.push_back(std::move(state));
    }
    return states;
}

}  // namespace labhost
