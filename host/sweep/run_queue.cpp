#include "sweep/run_queue.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace labhost {

RunQueue::RunQueue(Plan& plan, bool from_scratch) {
    std::size_t index = 0;
    std::unordered_set<std::string_view> seen;
    for (PlannedRun& run : plan.runs) {
        ++index;
        if (!seen.insert(run.fingerprint).second || !run.duplicate_of.empty()) duplicated_.insert(run.fingerprint);
        if (!from_scratch && !run.duplicate_of.empty()) finished_.emplace(run.fingerprint, run.duplicate_of);
        if (run.status == RunState::finished && !from_scratch) {
            finished_before_.push_back(&run);
            finished_.emplace(run.fingerprint, run.folder);
        } else {
            waiting_.push_back({.run = &run, .index = index, .from_scratch = from_scratch});
        }
    }
}

const Task* RunQueue::next(SweepTime now, const std::function<bool(const Task&)>& has_place) const {
    constexpr double about_equal = 1.001;
    const Task* next = nullptr;
    double longest = 0.0;
    for (const Task& task : waiting_) {
        if (!may_start(task, now)) continue;
        const double seconds = left(task);
        if (next != nullptr && seconds <= longest * about_equal) continue;
        if (!has_place(task)) continue;
        next = &task;
        longest = seconds;
    }
    return next;
}

bool RunQueue::postpone(const Task& task, SweepTime until) {
    const auto it = std::ranges::find(waiting_, task.run, &Task::run);
    return std::exchange(it->not_before, until) == SweepTime{};
}

Task RunQueue::take(const Task& task) {
    const auto it = std::ranges::find(waiting_, task.run, &Task::run);
    Task taken = std::move(*it);
    waiting_.erase(it);
    under_way_.insert(taken.run->fingerprint);
    return taken;
}

void RunQueue::put_back(Task task) {
    drop(task);
    waiting_.push_back(std::move(task));
}

std::vector<Task> RunQueue::remove(const std::function<bool(const Task&)>& is_wanted) {
    std::vector<Task> removed;
    std::ranges::copy_if(waiting_, std::back_inserter(removed), is_wanted);
    std::erase_if(waiting_, is_wanted);
    return removed;
}

std::optional<std::filesystem::path> RunQueue::finished_duplicate(const PlannedRun& run) const {
    const auto found = finished_.find(run.fingerprint);
    return found != finished_.end() ? std::optional(found->second) : std::nullopt;
}

double RunQueue::left(const Task& task) const {
    return throughput_.seconds(task.run->settings.model, std::max(0.0, work_of(*task.run) - task.done));
}

std::vector<double> RunQueue::left_of_startable(SweepTime now) const {
    std::vector<double> seconds;
    for (const Task& task : waiting_)
        if (task.not_before <= now && !has_duplicates(*task.run)) seconds.push_back(left(task));
    return seconds;
}

bool RunQueue::is_like_suspects(const ChildEnd& end) const {
    return suspects_.empty() || (suspects_.front().end.how == end.how && suspects_.front().end.code == end.code);
}

bool RunQueue::may_start(const Task& task, SweepTime now) const {
    if (task.not_before > now || waits_for_duplicate(task)) return false;
    if (!in_doubt()) return true;
    return suspects_.size() < most_suspects && std::ranges::none_of(suspects_, [&](const Suspect& suspect) {
               return suspect.task.run->plugin == task.run->plugin;
           });
}

/// Whether another run of the same fingerprint is, or will be, trained: its numbers will be taken.
bool RunQueue::waits_for_duplicate(const Task& task) const {
    if (!has_duplicates(*task.run)) return false;
    if (under_way_.contains(task.run->fingerprint)) return true;
    return std::ranges::any_of(waiting_, [&](const Task& other) {
        if (other.run == task.run || other.run->fingerprint != task.run->fingerprint || task.claimed) return false;
        return other.not_before != SweepTime{} || other.done > task.done;  // claimed by another process, or further on
    });
}

}  // namespace labhost
