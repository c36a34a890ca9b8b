// Claims on runs: so that two hosts on one runs folder never train the same run at once.
#pragma once

#include <filesystem>
#include <string>

#include <sys/types.h>

#include "support/file_descriptor.hpp"

namespace labhost {

/// The runs of one experiment's folder, as claimed by this process. A claim is a POSIX record lock on bytes of the file
/// `.lock` in that folder, placed by the hash of the run folder's name: it ends with its process, however that ends, is
/// not inherited by a fork, and holds across machines on NFS.
///
/// A run has two bytes. The supervisor holds one from before it looks into the folder until the result is recorded; the
/// worker that writes the folder holds the other. So a new worker, should the old one's supervisor have died, waits
/// until the old worker is gone as well.
class RunLocks {
public:
    /// Makes the folder. Throws StorageError.
    explicit RunLocks(const std::filesystem::path& experiment_folder);

    /// False if another process has it. Else notes in the run's folder who has it now, for holder_of. Throws
    /// StorageError if the file system cannot lock.
    bool claim(const std::filesystem::path& run_folder);
    /// As claim, and no worker may be left that writes the run's folder: for removing it.
    bool claim_alone(const std::filesystem::path& run_folder);
    void release(const std::filesystem::path& run_folder);

    /// Waits until no other process writes the run's folder, and keeps others from it until this process ends. For the
    /// worker. Throws StorageError.
    void enter(const std::filesystem::path& run_folder);
    /// For a worker that writes there no more, and goes on with other runs.
    void leave(const std::filesystem::path& run_folder);

private:
    bool try_lock(const std::filesystem::path& run_folder, off_t bytes);
    void unlock(off_t byte);

    std::filesystem::path file_;
    FileDescriptor descriptor_;
};

/// Whether another process has claimed or writes this run. Not for a process that holds claims itself: closing the lock
/// file would end them.
bool is_claimed(const std::filesystem::path& run_folder);

/// Who claimed the run last: "job 12_3, restart 1, on node n0", "process 4711 on host"; "another process" where that is
/// not noted. Only where the claim is held does it say who holds it: the note of a process that was killed stays until
/// the next one's.
std::string holder_of(const std::filesystem::path& run_folder);

}  // namespace labhost
