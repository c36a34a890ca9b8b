#include "support/child.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/file_descriptor.hpp"
#include "support/output_tail.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view completed = "";  // the empty message, which nobody else sends

void redirect(int from, int to) {
    if (from >= 0) ::dup2(from, to);
}

/// The child's own set-up: dies with its parent, leaves the keyboard and core files alone, and is what the kernel kills
/// first when memory runs out.
void settle(pid_t parent, int output, const ChildOptions& options) {
    if (options.own_group) ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(0);
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_IGN);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (options.memory_limit) {
        const rlimit data{*options.memory_limit, *options.memory_limit};
        ::setrlimit(RLIMIT_DATA, &data);
    }
    if (const FileDescriptor score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)); score)
        write_all(score.get(), "500");
    const FileDescriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    redirect(nothing.get(), STDIN_FILENO);
    redirect(output, STDERR_FILENO);
    redirect(STDERR_FILENO, STDOUT_FILENO);
}

[[noreturn]] void leave() {
    std::fflush(nullptr);
    ::_exit(0);  // no destructors (those of LibTorch and of plugins have no safe order), and no LeakSanitizer, which
                 // fails here
}

/// A process that is killed and reaped with its scope.
class Process {
public:
    /// `leads_group`: those it started are killed with it.
    Process(pid_t id, bool leads_group) : id_(id), leads_group_(leads_group) {}
    ~Process() {
        kill();
        wait(0);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    Process(Process&&) = delete;
    Process& operator=(Process&&) = delete;

    void kill() const {
        if (leads_group_) ::kill(-id_, SIGKILL);
        if (!status_) ::kill(id_, SIGKILL);  // a reaped process's number may be another's by now
    }

    pid_t id() const { return id_; }

    void signal(int signal) const {
        if (!status_) ::kill(id_, signal);
    }

    /// Its wait status; nothing if it is alive and `flags` says not to wait.
    std::optional<int> wait(int flags) {
        int status = 0;
        pid_t result = 0;
        while (!status_ && (result = ::waitpid(id_, &status, flags)) < 0 && errno == EINTR) continue;
        if (result == id_) status_ = status;
        return status_;
    }

private:
    pid_t id_;
    bool leads_group_;
    std::optional<int> status_;
};

}  // namespace

std::string ChildEnd::text() const {
    std::string text;
    switch (how) {
        case How::completed: text = "ended early"; break;
        case How::exited: text = fmt::format("called exit({})", code); break;
        case How::signalled: {
            const char* name = sigabbrev_np(code);
            text = name != nullptr ? fmt::format("was killed by SIG{}", name) : fmt::format("was killed by {}", code);
            break;
        }
        case How::timed_out: text = fmt::format("was not done after {:g} s", limit); break;
    }
    if (!output.empty()) text += fmt::format("; it wrote: {}", one_line(output));
    return text;
}

struct Child::State {
    explicit State(ChildOptions given) : options(std::move(given)), tail(options.on_output) {}

    ChildOptions options;
    std::string pending;  ///< of its messages
    OutputTail tail;
    ChildStream messages{[this](std::string_view bytes) { pending.append(bytes); }};
    ChildStream output{[this](std::string_view bytes) { tail.add(bytes); }};
    ParentLine line;
    std::optional<Process> process;
    Clock::time_point start = Clock::now();
    bool done = false;
    bool timed_out = false;

    void hear() {
        output.drain();
        messages.drain();
        while (const auto message = unframe(pending)) {
            if (*message == completed) {
                done = true;
            } else if (options.on_message) {
                options.on_message(*message);
            }
        }
    }

    ChildEnd end(int status) {
        if (options.own_group) process->kill();  // what it started
        hear();                                  // what it said last
        tail.finish_line();
        ChildEnd end{.output = options.capture_output ? tail.text() : ""};
        if (timed_out) {
            end.how = ChildEnd::How::timed_out;
            end.limit = std::chrono::duration<double>(*options.limit).count();
        } else if (WIFSIGNALED(status)) {
            end.how = ChildEnd::How::signalled;
            end.code = WTERMSIG(status);
        } else if (!done || WEXITSTATUS(status) != 0) {
            end.how = ChildEnd::How::exited;
            end.code = WEXITSTATUS(status);
        }
        return end;
    }
};

Child::Child(const std::function<void(const Outbox&)>& body, ChildOptions options)
    : Child([&body](const Outbox& outbox, Inbox&) { body(outbox); }, std::move(options)) {}

Child::Child(const std::function<void(const Outbox&, Inbox&)>& body, ChildOptions options)
    : state_(std::make_unique<State>(std::move(options))) {
    State& state = *state_;
    state.options.own_group |= state.options.limit.has_value();
    std::fflush(nullptr);  // what is buffered is written once
    const pid_t parent = ::getpid();
    const pid_t id = ::fork();
    if (id < 0) fail_by_errno("no child process");
    if (id == 0) {
        settle(parent, state.options.capture_output ? state.output.sending() : -1, state.options);
        state.output.close_sending();
        state.line.close_sending();
        const Outbox outbox(state.messages.sending());
        Inbox inbox(state.line.receiving());
        body(outbox, inbox);
        outbox.send(completed);
        leave();
    }
    if (state.options.own_group) ::setpgid(id, id);  // here too, so that it is done before anyone kills the group
    state.process.emplace(id, state.options.own_group);
    state.messages.close_sending();
    state.output.close_sending();
    state.line.close_receiving();
}

Child::~Child() = default;

int Child::id() const { return state_->process->id(); }
void Child::tell(std::string_view message) const { state_->line.send(framed(message)); }
void Child::kill() const { state_->process->kill(); }
void Child::signal(int signal) const { state_->process->signal(signal); }

std::optional<ChildEnd> Child::poll() {
    State& state = *state_;
    state.hear();
    if (!state.process->wait(WNOHANG)) {
        if (!state.options.limit || Clock::now() - state.start <= *state.options.limit) return std::nullopt;
        state.timed_out = true;
        state.process->kill();
    }
    return state.end(state.process->wait(0).value_or(0));
}

void wait_for_any(const std::vector<Child*>& children, std::chrono::milliseconds longest) {
    std::vector<pollfd> waiting;
    for (const Child* child : children) {
        waiting.push_back(child->state_->messages.waiting());
        waiting.push_back(child->state_->output.waiting());
        // Closed, but not ended yet as far as we know: it will be in a moment.
        if (!child->state_->messages.open()) longest = std::min(longest, std::chrono::milliseconds(1));
    }
    ::poll(waiting.data(), waiting.size(), static_cast<int>(longest.count()));
}

ChildEnd run_in_child(const std::function<void(const Outbox&)>& body, const ChildOptions& options) {
    Child child(body, options);
    // The streams end when the child does, unless a process that it started holds them open; so poll now and then.
    constexpr std::chrono::milliseconds poll_every{50};
    for (;;) {
        if (auto end = child.poll()) return *std::move(end);
        StopSignals::check();
        wait_for_any({&child}, poll_every);
    }
}

}  // namespace labhost
