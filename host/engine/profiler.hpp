// Where the time of a run goes: by phase of a step, and by LibTorch's operators.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/record_function.h>

#include "train/trainer.hpp"

namespace labhost {

enum class Phase : std::size_t { data, forward, backward, optimizer, metrics, test, other };

/// While it lives, the time between two calls of `enter` belongs to the phase entered first, and every operator that
/// LibTorch's dispatcher calls in this process is timed. One of it at a time.
class Profiler {
public:
    /// `synchronize` is called where phases change, so that what a GPU still does belongs to the phase that asked for
    /// it.
    explicit Profiler(void (*synchronize)());
    ~Profiler();
    Profiler(const Profiler&) = delete;
    Profiler& operator=(const Profiler&) = delete;
    Profiler(Profiler&&) = delete;
    Profiler& operator=(Profiler&&) = delete;

    void enter(Phase phase);

    /// A table of phases and operators, and the first steps as a Chrome trace.
    ProfileReport report() const;

private:
    using Clock = std::chrono::steady_clock;
    struct Cost {
        std::int64_t calls = 0;
        double total = 0.0;  ///< seconds, with what it calls
        double self = 0.0;   ///< seconds, without
    };
    struct Event {
        std::string name;
        double start;  ///< microseconds since the profile's beginning
        double seconds;
        int track;  ///< of the trace: phases above, operators below
    };
    class Operator;

    static std::unique_ptr<at::ObserverContext> operator_begins(const at::RecordFunction& function);
    static void operator_ends(const at::RecordFunction& function, at::ObserverContext* context);
    void add_event(std::string_view name, Clock::time_point start, double seconds, int track);

    void (*synchronize_)();
    at::CallbackHandle callback_{};
    Clock::time_point begun_ = Clock::now();
    Phase phase_ = Phase::other;
    Clock::time_point entered_ = begun_;
    std::array<Cost, 7> phases_{};
    mutable std::mutex mutex_;  // autograd has threads of its own for a GPU
    std::map<std::string, Cost, std::less<>> operators_;
    std::vector<Event> events_;
};

}  // namespace labhost
