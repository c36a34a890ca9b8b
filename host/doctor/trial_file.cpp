#include "doctor/trial_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace labhost {

namespace fs = std::filesystem;

namespace {

std::string words_for(int error) { return std::generic_category().message(error); }

/// Its name, where the file system wants one, is removed at once. Negative, with errno, if it cannot be made.
int open_nameless(const fs::path& folder) {
    const int nameless = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (nameless >= 0) return nameless;
    const fs::path name = folder / fmt::format(".labhost-doctor.{}", ::getpid());
    const int named = ::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (named >= 0) ::unlink(name.c_str());
    return named;
}

/// As RunLocks: a POSIX record lock on bytes of a file. 0, or errno.
int lock(int descriptor) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 1;
    lock.l_len = 2;
    return ::fcntl(descriptor, F_SETLK, &lock) == 0 ? 0 : errno;
}

/// What a second process hears that tries to lock it, 0 if it gets the lock; -1 if there is no second process. A record
/// lock is not inherited, so that a forked one is as good as any. It only locks and ends: a whole support/child would
/// be more than is needed.
int lock_in_second_process(int descriptor) {
    const pid_t id = ::fork();
    if (id < 0) return -1;
    if (id == 0) ::_exit(lock(descriptor));
    int status = 0;
    while (::waitpid(id, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TrialFile::TrialFile(const fs::path& folder) : folder_(folder), descriptor_(open_nameless(folder)) {
    const std::string block(4096, 'x');
    if (!descriptor_ || !write_all(descriptor_.get(), block)) fault_ = words_for(errno);
}

std::string TrialFile::try_lock() const {
    if (const int error = lock(descriptor_.get()); error != 0)
        return fmt::format("a file there cannot be locked: {}", words_for(error));
    const int other = lock_in_second_process(descriptor_.get());
    if (other == EAGAIN || other == EACCES) return "";
    if (other == 0) return "a second process got the same lock: locks keep nobody out there";
    return other < 0 ? "a second process, to try the lock, could not be made"
                     : fmt::format("a second process could not try the lock: {}", words_for(other));
}

std::string TrialFile::try_sync() const {
    if (::fsync(descriptor_.get()) != 0) return fmt::format("of a file, {}", words_for(errno));
    const FileDescriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) return fmt::format("of the folder, {}", words_for(errno));
    return "";
}

}  // namespace labhost
