// Stopping on SIGINT and SIGTERM: noted by a handler, acted on where it is safe.
#pragma once

#include <csignal>

namespace labhost {

/// While it lives, the first SIGINT or SIGTERM is only noted; a second one ends the process as usual.
class StopSignals {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;
    StopSignals(StopSignals&&) = delete;
    StopSignals& operator=(StopSignals&&) = delete;

    /// Throws Error (stopped by that signal) if one has come.
    static void check();

private:
    struct sigaction old_interrupt_ {};
    struct sigaction old_terminate_ {};
};

}  // namespace labhost
