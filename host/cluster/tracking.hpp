// How what was submitted stands, as the run folders and Slurm tell it together.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "cluster/submission.hpp"
#include "record/experiment_record.hpp"
#include "record/run_record.hpp"
#include "support/error.hpp"

namespace labhost {

enum class Standing {
    over,    ///< it has its result, good or bad
    queued,  ///< Slurm has its task: pending, running, ...; the record's queue_state is Slurm's word
    lost,    ///< Slurm has its task no more, and it left no result
};

/// Of a record that submitted_records gave.
Standing standing_of(const RunRecord& run);

struct SubmittedRecords {
    std::vector<RunRecord> runs{};    ///< with queue_state; reason: why it failed or is pending
    std::vector<std::string> logs{};  ///< of each run: its task's, if that was ever started
    ExperimentRecord experiment{};

    /// "3 runs: 1 finished, 2 pending".
    std::string counts_text() const;
};

/// The name of the experiment in `file`. Where that cannot be read any more, the one under which it was submitted, with
/// a warning on standard error. Throws Error.
std::string submitted_name(const std::string& file, const Overrides& overrides,
                           const std::filesystem::path& runs_folder);

/// All of an experiment; the oldest first. Throws Error (usage) if nothing was submitted.
std::vector<Submission> submissions_of(const std::filesystem::path& runs_folder, const std::string& experiment);

/// The last submission of each run counts. Throws Error (usage) if nothing was submitted, SlurmError if Slurm does not
/// answer.
SubmittedRecords submitted_records(const std::filesystem::path& runs_folder, const std::string& experiment);

/// Waits until Slurm has ended all tasks, and says on standard error how they stand whenever that changes. Bears with
/// Slurm for some minutes of silence. Throws StopError on a signal, the jobs going on.
SubmittedRecords wait_for_submitted(const std::filesystem::path& runs_folder, const std::string& experiment);

/// Whether the jobs of a submit that was killed are noted in its folder, which takes the lock of lock_submissions.
enum class Adopted { noted, only_seen };

/// Fingerprints of the runs that Slurm has not ended yet, those that have failed excepted, though others of their task
/// go on. Throws SlurmError if Slurm does not answer.
std::set<std::string> queued_fingerprints(const std::filesystem::path& runs_folder, const std::string& experiment,
                                          Adopted adopted);

}  // namespace labhost
