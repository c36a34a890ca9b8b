// What a sweep claims and writes of its runs: their locks, and their results.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "record/run_lock.hpp"
#include "sweep/run_queue.hpp"

namespace labhost {

/// [supervisor] After the first record that the disk refused, a run stays as it is.
class Records {
public:
    /// Before the first claim: of the folder that holds the runs' folders. Throws StorageError.
    RunLocks& open(const std::filesystem::path& experiment_folder);

    /// False if another process has it. Throws StorageError if the file system cannot lock.
    bool claim(const PlannedRun& run) { return locks_->claim(run.folder); }
    void release(const PlannedRun& run) { locks_->release(run.folder); }

    /// Takes up the result that another process has given the run since the plan was made; false if there is none. For
    /// one that was claimed just now, and has not been tried by this sweep.
    static bool take_up(PlannedRun& run);
    /// Writes how the run ended, which is run.result; `output`: the last that its process wrote, for the log of one
    /// that failed. Releases it. False, and the run is unfinished, if the disk refuses.
    bool close(PlannedRun& run, const std::string& output);
    /// It has no result for now, but perhaps a checkpoint.
    static void leave_open(PlannedRun& run);

    void note_fault(const std::string& words);
    /// "" if there was none.
    const std::string& fault() const { return fault_; }

private:
    std::unique_ptr<RunLocks> locks_;
    std::string fault_;
};

}  // namespace labhost
