#include "support/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/error.hpp"
#include "support/file_descriptor.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view completed = "";  // the empty message, which nobody else sends
constexpr std::size_t output_kept = 2000;

[[noreturn]] void fail(const char* doing) {
    throw Error(ExitCode::run_failed,
                fmt::format("labhost: error: {}: {}", doing, std::generic_category().message(errno)));
}

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

/// A message as it goes through a pipe: its size, 8 bytes, and then itself.
std::string framed(std::string_view message) {
    const std::uint64_t size = message.size();
    std::string whole(sizeof size, '\0');
    std::memcpy(whole.data(), &size, sizeof size);
    return whole.append(message);
}

/// Takes the first whole message off what has come.
std::optional<std::string> unframe(std::string& pending) {
    std::uint64_t size = 0;
    if (pending.size() < sizeof size) return std::nullopt;
    std::memcpy(&size, pending.data(), sizeof size);
    if (pending.size() - sizeof size < size) return std::nullopt;
    std::string message = pending.substr(sizeof size, size);
    pending.erase(0, sizeof size + size);
    return message;
}

/// From a parent to its child. Sockets, since writing to one whose reader has gone need not raise SIGPIPE.
class Line {
public:
    Line() {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
            fail("no socket to a child process");
        sending_.emplace(ends[0]);
        receiving_.emplace(ends[1]);
    }

    int receiving() const { return receiving_->get(); }
    void close_receiving() { receiving_.reset(); }
    void close_sending() { sending_.reset(); }

    void send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t count = ::send(sending_->get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count < 0 && errno != EINTR) return;  // it has ended
            if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }

private:
    std::optional<FileDescriptor> sending_;
    std::optional<FileDescriptor> receiving_;
};

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

/// What a child writes to standard output and error: line by line to a listener, and its end kept.
class Tail {
public:
    explicit Tail(std::function<void(std::string_view)> on_line) : on_line_(std::move(on_line)) {}

    void add(std::string_view bytes) {
        text_.append(bytes);
        if (text_.size() > 2 * output_kept) cut();
        line_.append(bytes);
        for (std::size_t end = 0; (end = line_.find('\n')) != std::string::npos; line_.erase(0, end + 1))
            if (on_line_) on_line_(std::string_view(line_).substr(0, end));
        if (line_.size() > output_kept) finish_line();  // a line without end would take memory without end
    }

    void finish_line() {
        if (!line_.empty() && on_line_) on_line_(line_);
        line_.clear();
    }

    /// From the start of a line.
    std::string text() {
        cut();
        while (!text_.empty() && (text_.back() == '\n' || text_.back() == ' ')) text_.pop_back();
        return text_;
    }

private:
    void cut() {
        if (text_.size() <= output_kept) return;
        text_.erase(0, text_.size() - output_kept);
        text_.erase(0, text_.find('\n') + 1);
    }

    std::function<void(std::string_view)> on_line_;
    std::string line_;
    std::string text_;
};

/// A pipe from a child, whose bytes go to a function.
class Stream {
public:
    explicit Stream(std::function<void(std::string_view)> sink) : sink_(std::move(sink)) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe to a child process");
        receiving_.emplace(ends[0]);
        sending_.emplace(ends[1]);
        ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    }

    int sending() const { return sending_->get(); }
    void close_sending() { sending_.reset(); }
    /// What to wait for: nothing once the stream has ended.
    pollfd waiting() const { return {open_ ? receiving_->get() : -1, POLLIN, 0}; }
    bool open() const { return open_; }

    /// Takes what is there.
    void drain() {
        std::array<char, 1 << 16> bytes{};
        while (open_) {
            const ssize_t count = ::read(receiving_->get(), bytes.data(), bytes.size());
            if (count > 0) sink_({bytes.data(), static_cast<std::size_t>(count)});
            if (count == 0) open_ = false;
            if (count < 0 && errno != EINTR) break;
        }
    }

private:
    std::function<void(std::string_view)> sink_;
    std::optional<FileDescriptor> receiving_;
    std::optional<FileDescriptor> sending_;
    bool open_ = true;
};

}  // namespace

void Outbox::send(std::string_view message) const {
    if (!write_all(descriptor_, framed(message))) ::_exit(1);  // one write: a run sends one after every batch
}

std::optional<std::string> Inbox::next() {
    std::array<char, 1 << 12> bytes{};
    for (;;) {
        const ssize_t count = ::recv(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count > 0) pending_.append(bytes.data(), static_cast<std::size_t>(count));
        if (count == 0 || (count < 0 && errno != EINTR)) break;
    }
    return unframe(pending_);
}

void Inbox::wait(std::chrono::milliseconds longest) const {
    pollfd waiting{descriptor_, POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(longest.count()));
}

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
    Tail tail;
    Stream messages{[this](std::string_view bytes) { pending.append(bytes); }};
    Stream output{[this](std::string_view bytes) { tail.add(bytes); }};
    Line line;
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
    if (id < 0) fail("no child process");
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
    // The streams end when the child does, unless a process that it started holds them open; so look now and then.
    constexpr std::chrono::milliseconds look_again{50};
    for (;;) {
        if (auto end = child.poll()) return *std::move(end);
        StopSignals::check();
        wait_for_any({&child}, look_again);
    }
}

}  // namespace labhost
