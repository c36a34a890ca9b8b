#include "engine/profiler.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "support/json.hpp"

namespace labhost {

namespace {

constexpr std::array<const char*, 7> phase_names{"data",    "forward", "backward", "optimizer",
                                                 "metrics", "test",    "other"};
constexpr std::size_t events_of_a_trace = 20'000;  // some 100 steps; browsers get slow beyond
constexpr std::size_t operators_of_a_table = 25;

/// LibTorch calls plain functions, which can reach nothing but a global.
Profiler* active = nullptr;
/// The operator under way on this thread.
thread_local at::ObserverContext* innermost = nullptr;

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

}  // namespace

/// An operator under way.
class Profiler::Operator final : public at::ObserverContext {
public:
    Operator() : outer_(std::exchange(innermost, this)) {}
    ~Operator() override { innermost = outer_; }
    Operator(const Operator&) = delete;
    Operator& operator=(const Operator&) = delete;
    Operator(Operator&&) = delete;
    Operator& operator=(Operator&&) = delete;

    void end(Profiler& profiler, const char* name) {
        const double seconds = seconds_between(start_, Clock::now());
        if (outer_ != nullptr) static_cast<Operator*>(outer_)->inner_ += seconds;
        const std::lock_guard lock(profiler.mutex_);
        auto found = profiler.operators_.find(std::string_view(name));
        if (found == profiler.operators_.end()) found = profiler.operators_.emplace(name, Cost{}).first;
        ++found->second.calls;
        found->second.total += seconds;
        found->second.self += seconds - inner_;
        profiler.add_event(name, start_, seconds, 1);
    }

private:
    at::ObserverContext* outer_;
    double inner_ = 0.0;  ///< seconds of what it calls
    Clock::time_point start_ = Clock::now();
};

Profiler::Profiler(void (*synchronize)()) : synchronize_(synchronize) {
    active = this;
    callback_ = at::addGlobalCallback(at::RecordFunctionCallback(operator_begins, operator_ends)
                                          .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
}

Profiler::~Profiler() {
    at::removeCallback(callback_);
    active = nullptr;
}

std::unique_ptr<at::ObserverContext> Profiler::operator_begins(const at::RecordFunction&) {
    return std::make_unique<Operator>();
}

void Profiler::operator_ends(const at::RecordFunction& function, at::ObserverContext* context) {
    if (active != nullptr) static_cast<Operator*>(context)->end(*active, function.name());
}

void Profiler::add_event(std::string_view name, Clock::time_point start, double seconds, int track) {
    if (events_.size() < events_of_a_trace)
        events_.push_back({std::string(name), seconds_between(begun_, start) * 1e6, seconds, track});
}

void Profiler::enter(Phase phase) {
    synchronize_();
    const auto now = Clock::now();
    const double seconds = seconds_between(entered_, now);
    Cost& cost = phases_[static_cast<std::size_t>(phase_)];
    ++cost.calls;
    cost.total += seconds;
    const std::lock_guard lock(mutex_);
    add_event(phase_names[static_cast<std::size_t>(phase_)], entered_, seconds, 0);
    phase_ = phase;
    entered_ = now;
}

ProfileReport Profiler::report() const {
    const std::lock_guard lock(mutex_);
    double all = 0.0;
    for (const Cost& cost : phases_) all += cost.total;
    const auto share = [&](double seconds) { return all > 0.0 ? 100.0 * seconds / all : 0.0; };

    std::string table = fmt::format("{:<12}{:>12}{:>9}\n", "phase", "seconds", "share");
    for (std::size_t i = 0; i < phases_.size(); ++i)
        table += fmt::format("{:<12}{:>12.3f}{:>8.1f}%\n", phase_names[i], phases_[i].total, share(phases_[i].total));
    table += fmt::format("{:<12}{:>12.3f}\n\n", "all", all);

    std::vector<std::pair<std::string, Cost>> costs(operators_.begin(), operators_.end());
    std::ranges::sort(costs, [](const auto& a, const auto& b) { return a.second.self > b.second.self; });
    table += fmt::format("{:<44}{:>9}{:>12}{:>12}{:>9}{:>12}\n", "operator (time on the host)", "calls", "seconds",
                         "of its own", "share", "us a call");
    costs.resize(std::min(operators_of_a_table, costs.size()));
    for (const auto& [name, cost] : costs)
        table += fmt::format("{:<44}{:>9}{:>12.3f}{:>12.3f}{:>8.1f}%{:>12.1f}\n", name, cost.calls, cost.total,
                             cost.self, share(cost.self), 1e6 * cost.total / static_cast<double>(cost.calls));

    Json events = Json::array();
    for (int track = 0; track < 2; ++track)
        events.push_back({{"name", "thread_name"},
                          {"ph", "M"},
                          {"pid", 1},
                          {"tid", track},
                          {"args", {{"name", track == 0 ? "phases" : "operators"}}}});
    for (const Event& event : events_)
        events.push_back({{"name", event.name},
                          {"ph", "X"},
                          {"pid", 1},
                          {"tid", event.track},
                          {"ts", event.start},
                          {"dur", event.seconds * 1e6}});
    return {.table = table,
            .trace = Json{{"traceEvents", events}, {"displayTimeUnit", "ms"}}.dump(-1, ' ', false,
                                                                                   Json::error_handler_t::replace) +
                     "\n"};
}

}  // namespace labhost
