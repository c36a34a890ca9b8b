#include "record/run_lock.hpp"

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "record/run_layout.hpp"
#include "record/run_record.hpp"
#include "support/error.hpp"
#include "support/hash.hpp"
#include "support/slurm_task.hpp"
#include "support/text.hpp"

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

fs::path note_in(const fs::path& run_folder) { return run_folder / run_file::claim; }

/// For people who wait: a run is not to fail for want of it.
void note_holder(const fs::path& run_folder) {
    std::error_code ignored;
    fs::create_directories(run_folder, ignored);
    Json note{{"host", node_name()}, {"pid", ::getpid()}};
    if (const auto task = own_slurm_task()) note["slurm"] = to_json(*task);
    std::ofstream(note_in(run_folder)) << note.dump() << "\n";
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

bool RunLocks::claim(const fs::path& run_folder) {
    if (!try_lock(run_folder, 1)) return false;
    note_holder(run_folder);
    return true;
}

bool RunLocks::claim_alone(const fs::path& run_folder) { return try_lock(run_folder, bytes_of_a_run); }

void RunLocks::unlock(off_t byte) {
    struct flock lock = lock_on(byte, 1, F_UNLCK);
    ::fcntl(descriptor_.get(), F_SETLK, &lock);
}

void RunLocks::release(const fs::path& run_folder) {
    std::error_code ignored;
    fs::remove(note_in(run_folder), ignored);
    unlock(place_of(run_folder));
}

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

std::string holder_of(const fs::path& run_folder) {
    const Json note = read_object(note_in(run_folder));
    const std::string host = printable(text_at(note, "host"));
    if (host.empty()) return "another process";
    const Json slurm = object_in(note, "slurm");
    if (const std::string job = printable(text_at(slurm, "job")); !job.empty()) {
        const Json restarts = slurm.value("restarts", Json(0));
        const bool again = restarts.is_number_integer() && restarts > 0;
        return again ? fmt::format("job {}, restart {}, on node {}", job, restarts.dump(), host)
                     : fmt::format("job {} on node {}", job, host);
    }
    return note.contains("pid") && note["pid"].is_number_integer()
               ? fmt::format("process {} on {}", note["pid"].dump(), host)
               : fmt::format("another process on {}", host);
}

}  // namespace labhost
