#include "support/child_channels.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/error.hpp"

namespace labhost {

void fail_by_errno(const char* doing) {
    throw Error(ExitCode::run_failed,
                fmt::format("labhost: error: {}: {}", doing, std::generic_category().message(errno)));
}

std::string framed(std::string_view message) {
    const std::uint64_t size = message.size();
    std::string whole(sizeof size, '\0');
    std::memcpy(whole.data(), &size, sizeof size);
    return whole.append(message);
}

std::optional<std::string> unframe(std::string& pending) {
    std::uint64_t size = 0;
    if (pending.size() < sizeof size) return std::nullopt;
    std::memcpy(&size, pending.data(), sizeof size);
    if (pending.size() - sizeof size < size) return std::nullopt;
    std::string message = pending.substr(sizeof size, size);
    pending.erase(0, sizeof size + size);
    return message;
}

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

ParentLine::ParentLine() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        fail_by_errno("no socket to a child process");
    sending_.emplace(ends[0]);
    receiving_.emplace(ends[1]);
}

void ParentLine::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t count = ::send(sending_->get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR) return;  // it has ended
        if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

ChildStream::ChildStream(std::function<void(std::string_view)> sink) : sink_(std::move(sink)) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail_by_errno("no pipe to a child process");
    receiving_.emplace(ends[0]);
    sending_.emplace(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

pollfd ChildStream::waiting() const { return {open_ ? receiving_->get() : -1, POLLIN, 0}; }

void ChildStream::drain() {
    // More than a pipe holds, so that nothing of one that has ended stays; and an end, so that one who writes faster
    // than we read leaves time for all else.
    constexpr int most_reads = 16;
    std::array<char, 1 << 16> bytes{};
    for (int reads = 0; open_ && reads < most_reads; ++reads) {
        const ssize_t count = ::read(receiving_->get(), bytes.data(), bytes.size());
        if (count > 0) sink_({bytes.data(), static_cast<std::size_t>(count)});
        if (count == 0) open_ = false;
        if (count < 0 && errno != EINTR) break;
    }
}

}  // namespace labhost
