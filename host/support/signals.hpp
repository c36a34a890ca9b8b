// Stopping on SIGINT, SIGTERM and SIGUSR1: noted by a handler, acted on where it is safe.
#pragma once

#include <csignal>

namespace labhost {

/// While it lives, the first SIGINT, SIGTERM or SIGUSR1 is only noted; a second SIGINT or SIGTERM ends the process as
/// usual. SIGUSR1 is what batch systems send ahead of a time limit. Of several, one in the other, the outermost counts.
class StopSignals {
public:
    /// Batch systems may send a signal twice, to the process and to what it was started by.
    enum class Second { ends, ignored };
    explicit StopSignals(Second second = Second::ends);
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;
    StopSignals(StopSignals&&) = delete;
    StopSignals& operator=(StopSignals&&) = delete;

    /// The signal that has come, or 0. In a child process (support/child) SIGUSR1 is noted too, if it was in its
    /// parent.
    static int noted();

    /// Throws StopError (stopped by that signal) if one has come.
    static void check();

private:
    struct sigaction old_interrupt_ {};
    struct sigaction old_terminate_ {};
    struct sigaction old_user_ {};
};

}  // namespace labhost
