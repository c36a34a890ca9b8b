// A function run in a child process: whatever it does to its process, this one lives.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace labhost {

/// The child's way to speak to its parent.
class Outbox {
public:
    explicit Outbox(int descriptor) : descriptor_(descriptor) {}
    /// Sends a message, whole and in order. If nobody listens any more, the process ends.
    void send(std::string_view message) const;

private:
    int descriptor_;
};

/// How a child ended.
struct ChildEnd {
    enum class How {
        completed,  ///< the function returned
        exited,     ///< something called exit
        signalled,
        timed_out,  ///< killed at its time limit
    };
    How how = How::completed;
    int code = 0;          ///< exit code or signal
    std::string output{};  ///< the end of what it wrote to standard output and error, if that was captured
    double limit = 0.0;    ///< seconds, if it timed out

    /// "was killed by SIGSEGV", "called exit(3)", "was not done after 10 s"; then what it wrote, if that was captured.
    std::string text() const;
};

struct ChildOptions {
    std::optional<std::chrono::milliseconds> limit{};
    bool capture_output = true;  ///< else what it writes to standard output goes to standard error
    std::function<void(std::string_view)> on_message{};
};

/// Forks; the child runs `body` and ends, the parent hears its messages until then. Where there is a time limit, what
/// the child has started ends with it. The child shares what is in memory
/// now and nothing that happens later; it ignores SIGINT and SIGTERM, which are the parent's to act on, and dies with
/// it. `body` must not throw. This process must have no other threads.
///
/// Throws what `on_message` throws, StopError on SIGINT or SIGTERM (see StopSignals), Error (run_failed) if no child
/// can be made; the child is killed first.
ChildEnd run_in_child(const std::function<void(const Outbox&)>& body, const ChildOptions& options);

}  // namespace labhost
