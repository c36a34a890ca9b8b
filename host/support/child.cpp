#include "support/child.hpp"

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

/// The child's own set-up: dies with its parent, leaves the keyboard and core files alone.
void settle(pid_t parent, int output, bool own_group) {
    if (own_group) ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(0);
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_IGN);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
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

/// Cuts messages out of a stream: each is its size, 8 bytes, and then itself.
class Inbox {
public:
    void add(std::string_view bytes) { pending_.append(bytes); }

    std::optional<std::string> next() {
        std::uint64_t size = 0;
        if (pending_.size() < sizeof size) return std::nullopt;
        std::memcpy(&size, pending_.data(), sizeof size);
        if (pending_.size() - sizeof size < size) return std::nullopt;
        std::string message = pending_.substr(sizeof size, size);
        pending_.erase(0, sizeof size + size);
        return message;
    }

private:
    std::string pending_;
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

/// The end of what a child writes to standard output and error.
class Tail {
public:
    void add(std::string_view bytes) {
        text_.append(bytes);
        if (text_.size() > 2 * output_kept) cut();
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
    const std::uint64_t size = message.size();
    std::array<char, sizeof size> head{};
    std::memcpy(head.data(), &size, sizeof size);
    if (!write_all(descriptor_, {head.data(), head.size()}) || !write_all(descriptor_, message)) ::_exit(1);
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

ChildEnd run_in_child(const std::function<void(const Outbox&)>& body, const ChildOptions& options) {
    Inbox inbox;
    Tail tail;
    Stream messages([&](std::string_view bytes) { inbox.add(bytes); });
    Stream output([&](std::string_view bytes) { tail.add(bytes); });
    std::fflush(nullptr);  // what is buffered is written once
    const pid_t parent = ::getpid();
    const pid_t id = ::fork();
    if (id < 0) fail("no child process");
    if (id == 0) {
        settle(parent, options.capture_output ? output.sending() : -1, options.limit.has_value());
        output.close_sending();
        const Outbox outbox(messages.sending());
        body(outbox);
        outbox.send(completed);
        leave();
    }

    Process child(id, options.limit.has_value());
    messages.close_sending();
    output.close_sending();
    bool done = false;
    const auto hear = [&] {
        output.drain();
        messages.drain();
        while (const auto message = inbox.next()) {
            if (*message == completed) {
                done = true;
            } else if (options.on_message) {
                options.on_message(*message);
            }
        }
    };
    const auto start = Clock::now();
    const auto expired = [&] { return options.limit && Clock::now() - start > *options.limit; };
    // The streams end when the child does, unless a process that it started holds them open; so look now and then.
    constexpr int look_again_ms = 50;
    while (!child.wait(WNOHANG) && !expired()) {
        StopSignals::check();
        std::array<pollfd, 2> waiting{messages.waiting(), output.waiting()};
        ::poll(waiting.data(), waiting.size(), messages.open() ? look_again_ms : 1);
        hear();
    }
    const bool timed_out = !child.wait(WNOHANG);
    if (options.limit) child.kill();  // and what it started
    const int status = child.wait(0).value_or(0);
    hear();  // what it said last

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

}  // namespace labhost
