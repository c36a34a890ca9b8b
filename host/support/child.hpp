// A function run in a child process: whatever it does to its process, this one lives.
//
// A function that may be called in one kind of process only says so at the head of its comment, as CLAP tags threads:
//   [supervisor]  the process that was started. It forks, so it computes nothing with LibTorch and starts no threads:
//                 neither LibTorch's threads nor CUDA survive a fork.
//   [worker]      a forked process that trains runs.
//   [child]       any other forked process: it asks one thing that may crash or hang, tells the answer and ends. One
//                 that keeps to the supervisor's rule may do what the supervisor may.
// Without a tag it may be called in all of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/child_channels.hpp"

namespace labhost {

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
    bool own_group = false;      ///< what the child has started is killed with it; so it is where there is a time limit
    bool capture_output = true;  ///< else what it writes to standard output goes to standard error
    std::optional<std::uint64_t> memory_limit{};  ///< bytes of private memory (RLIMIT_DATA)
    std::function<void(std::string_view)> on_message{};
    std::function<void(std::string_view)> on_output{};  ///< each line that it writes, if captured
};

/// [supervisor] A child process that runs a function while this process goes on. The child shares what is in memory
/// when it is made and nothing that happens later; it ignores SIGINT and SIGTERM, which are the parent's to act on, and
/// dies with it (the thread that made it must outlive it). It is killed with its scope. This process must have no other
/// threads.
class Child {
public:
    /// Forks. `body` must not throw. Throws Error (run_failed) if no child can be made.
    Child(const std::function<void(const Outbox&)>& body, ChildOptions options);
    /// The same for a child that hears what it is told.
    Child(const std::function<void(const Outbox&, Inbox&)>& body, ChildOptions options);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    Child(Child&&) = delete;
    Child& operator=(Child&&) = delete;

    int id() const;

    /// Hands on what it has said, kills it at its time limit, and tells how it ended, once it has. Throws what
    /// `on_message` and `on_output` throw.
    std::optional<ChildEnd> poll();

    /// Sends it a message, whole and in order; one that has ended, or will never listen, does not mind.
    void tell(std::string_view message) const;

    void signal(int signal) const;
    void kill() const;

private:
    friend void wait_for_any(const std::vector<Child*>& children, std::chrono::milliseconds longest);
    struct State;
    std::unique_ptr<State> state_;
};

/// [supervisor] Waits until one of them says something, at most this long.
void wait_for_any(const std::vector<Child*>& children, std::chrono::milliseconds longest);

/// [supervisor] Makes a child and hears it until it ends. Throws what `on_message` throws, StopError on SIGINT or
/// SIGTERM (see StopSignals), Error (run_failed) if no child can be made; the child is killed first.
ChildEnd run_in_child(const std::function<void(const Outbox&)>& body, const ChildOptions& options);

}  // namespace labhost
