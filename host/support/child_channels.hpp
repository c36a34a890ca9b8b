// What goes between a child process and its parent: messages both ways, and the child's output.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "support/file_descriptor.hpp"

struct pollfd;

namespace labhost {

/// [worker | child] The way to speak to its parent.
class Outbox {
public:
    explicit Outbox(int descriptor) : descriptor_(descriptor) {}
    /// Sends a message, whole and in order. If nobody listens any more, the process ends.
    void send(std::string_view message) const;

private:
    int descriptor_;
};

/// [worker | child] The way to hear its parent.
class Inbox {
public:
    explicit Inbox(int descriptor) : descriptor_(descriptor) {}
    /// The next message, if a whole one is there.
    std::optional<std::string> next();
    /// Waits until there is something to read, at most this long; a signal ends the waiting.
    void wait(std::chrono::milliseconds longest) const;

private:
    int descriptor_;
    std::string pending_;
};

/// A message as it goes through a pipe: its size, 8 bytes, and then itself.
std::string framed(std::string_view message);

/// Takes the first whole message off what has come.
std::optional<std::string> unframe(std::string& pending);

/// From a parent to its child: sockets, since writing to one whose reader has gone need not raise SIGPIPE.
class ParentLine {
public:
    /// Throws Error (run_failed).
    ParentLine();

    int receiving() const { return receiving_->get(); }
    void close_receiving() { receiving_.reset(); }
    void close_sending() { sending_.reset(); }

    /// [supervisor] Nothing happens if the child has ended.
    void send(std::string_view bytes) const;

private:
    std::optional<FileDescriptor> sending_;
    std::optional<FileDescriptor> receiving_;
};

/// A pipe from a child, whose bytes go to a function.
class ChildStream {
public:
    /// Throws Error (run_failed).
    explicit ChildStream(std::function<void(std::string_view)> sink);

    int sending() const { return sending_->get(); }
    void close_sending() { sending_.reset(); }
    /// What to wait for: nothing once the stream has ended.
    pollfd waiting() const;
    bool open() const { return open_; }

    /// [supervisor] Takes what is there.
    void drain();

private:
    std::function<void(std::string_view)> sink_;
    std::optional<FileDescriptor> receiving_;
    std::optional<FileDescriptor> sending_;
    bool open_ = true;
};

/// Throws Error (run_failed): what could not be done, and why, by errno.
[[noreturn]] void fail_by_errno(const char* doing);

}  // namespace labhost
