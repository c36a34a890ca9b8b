#include "support/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
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
void settle(pid_t parent, int output) {
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
    explicit Process(pid_t id) : id_(id) {}
    ~Process() {
        if (status_) return;
        kill();
        wait(0);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    Process(Process&&) = delete;
    Process& operator=(Process&&) = delete;

    void kill() const { ::kill(id_, SIGKILL); }

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
    std::optional<int> status_;
};

/// The end of what was written to the file, from the start of a line.
std::string tail(int file) {
    const off_t size = ::lseek(file, 0, SEEK_END);
    std::array<char, output_kept> bytes{};
    const off_t from = size > static_cast<off_t>(bytes.size()) ? size - static_cast<off_t>(bytes.size()) : 0;
    const ssize_t count = ::pread(file, bytes.data(), bytes.size(), from);
    std::string text(bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    if (from > 0) text.erase(0, text.find('\n') + 1);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

/// Reads what is there; false at the end of the stream.
bool read_some(int descriptor, Inbox& inbox) {
    std::array<char, 1 << 16> bytes{};
    const ssize_t count = ::read(descriptor, bytes.data(), bytes.size());
    if (count > 0) inbox.add({bytes.data(), static_cast<std::size_t>(count)});
    return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

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
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe to a child process");
    const FileDescriptor receiving(ends[0]);
    std::optional<FileDescriptor> sending(std::in_place, ends[1]);
    const FileDescriptor output(options.capture_output ? ::memfd_create("output", MFD_CLOEXEC) : -1);
    std::fflush(nullptr);  // what is buffered is written once
    const pid_t parent = ::getpid();
    const pid_t id = ::fork();
    if (id < 0) fail("no child process");
    if (id == 0) {
        settle(parent, output.get());
        const Outbox outbox(sending->get());
        body(outbox);
        outbox.send(completed);
        leave();
    }

    Process child(id);
    sending.reset();
    Inbox inbox;
    bool done = false;
    const auto start = Clock::now();
    const auto expired = [&] { return options.limit && Clock::now() - start > *options.limit; };
    // The stream ends when the child does, unless a process that it started holds it open; so look now and then.
    constexpr int look_again_ms = 50;
    for (bool open = true; (open || !child.wait(WNOHANG)) && !expired();) {
        StopSignals::check();
        pollfd waiting{open ? receiving.get() : -1, POLLIN, 0};
        const int ready = ::poll(&waiting, 1, open ? look_again_ms : 1);
        if (ready > 0) open = read_some(receiving.get(), inbox);
        if (ready == 0 && child.wait(WNOHANG)) open = false;
        while (const auto message = inbox.next()) {
            if (*message == completed) {
                done = true;
            } else if (options.on_message) {
                options.on_message(*message);
            }
        }
    }
    const bool timed_out = !child.wait(WNOHANG);
    if (timed_out) child.kill();
    ChildEnd end;
    const int status = child.wait(0).value_or(0);
    end.output = output.get() >= 0 ? tail(output.get()) : "";
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
