#include "record/run_lock.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>

#include "support/error.hpp"
#include "support/hash.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr off_t bytes_of_a_run = 2;

/// The place of the run's two bytes, by the hash of its folder's name: 60 bits, so that no two meet.
off_t place_of(const fs::path& run_folder) {
    return static_cast<off_t>(std::stoull(sha256(run_folder.filename().native()).substr(0, 15), nullptr, 16)) *
           bytes_of_a_run;
}

struct flock lock_on(off_t start, off_t length, short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    return lock;
}

[[noreturn]] void fail(const fs::path& file, const char* doing) {
    throw StorageError(
        fmt::format("{}: error: cannot {}: {}", file.native(), doing, std::generic_category().message(errno)));
}

int open_lock_file(const fs::path& file) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) fail(file, "write");
    return descriptor;
}

}  // namespace

RunLocks::RunLocks(const fs::path& experiment_folder)
    : file_(experiment_folder / ".lock"), descriptor_(open_lock_file(file_)) {}

bool RunLocks::try_lock(const fs::path& run_folder, off_t bytes) {
    struct flock lock = lock_on(place_of(run_folder), bytes, F_WRLCK);
    if (::fcntl(descriptor_.get(), F_SETLK, &lock) == 0) return true;
    if (errno != EACCES && errno != EAGAIN) fail(file_, "lock this file");
    return false;
}

bool RunLocks::claim(const fs::path& run_folder) { return try_lock(run_folder, 1); }
bool RunLocks::claim_alone(const fs::path& run_folder) { return try_lock(run_folder, bytes_of_a_run); }

void RunLocks::unlock(off_t byte) {
    struct flock lock = lock_on(byte, 1, F_UNLCK);
    ::fcntl(descriptor_.get(), F_SETLK, &lock);
}

void RunLocks::release(const fs::path& run_folder) { unlock(place_of(run_folder)); }
void RunLocks::leave(const fs::path& run_folder) { unlock(place_of(run_folder) + 1); }

void RunLocks::enter(const fs::path& run_folder) {
    struct flock lock = lock_on(place_of(run_folder) + 1, 1, F_WRLCK);
    while (::fcntl(descriptor_.get(), F_SETLKW, &lock) != 0)
        if (errno != EINTR) fail(file_, "lock this file");
}

bool is_claimed(const fs::path& run_folder) {
    const FileDescriptor file(::open((run_folder.parent_path() / ".lock").c_str(), O_RDWR | O_CLOEXEC));
    if (!file) return false;
    struct flock lock = lock_on(place_of(run_folder), bytes_of_a_run, F_WRLCK);
    return ::fcntl(file.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace labhost
