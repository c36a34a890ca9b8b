// What was submitted of an experiment, as the run folders and Slurm tell it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/option_groups.hpp"
#include "record/experiment_record.hpp"
#include "record/run_record.hpp"
#include "support/error.hpp"

namespace labhost {

struct SubmittedRecords {
    std::vector<RunRecord> runs{};  ///< status: that of the folder, or "pending", "running", ... as Slurm says; reason:
                                    ///< why it failed or is pending
    std::vector<std::string> logs{};  ///< of each run: the task's, if it was ever started
    ExperimentRecord experiment{};
};

/// The name of the experiment that the command line means. Where its file cannot be read any more, that with which it
/// was submitted. Throws Error.
std::string submitted_name(const SubmittedExperiment& submitted);

/// To be thrown.
Error nothing_submitted(const std::filesystem::path& runs_folder, const std::string& experiment);

/// The last submission of each run counts. Slurm is asked only about runs that are not over. Throws Error (usage) if
/// nothing was submitted, SlurmError if Slurm does not answer.
SubmittedRecords submitted_records(const std::filesystem::path& runs_folder, const std::string& experiment);

/// The table and the verdicts, as after `labhost run`; the exit code too.
ExitCode print_collected(const std::vector<RunRecord>& runs, const std::vector<Claim>& claims, bool json);

/// Waits until Slurm has ended all tasks; then as `labhost collect`. Bears with Slurm for some minutes of silence.
/// Throws StopError on a signal, the jobs going on.
ExitCode wait_for_submitted(const std::filesystem::path& runs_folder, const std::string& experiment, bool json);

}  // namespace labhost
