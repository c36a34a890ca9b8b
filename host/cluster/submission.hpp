// What was handed to a cluster: a plan that does not change any more, with copies of all that its runs need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "config/slurm.hpp"
#include "record/run_lock.hpp"
#include "sweep/plan.hpp"

namespace labhost {

/// A run of a submission.
struct SubmittedRun {
    std::string id{};
    std::string model{};
    std::uint64_t seed = 0;
    std::string fingerprint{};
    std::string device{};  ///< "cpu" or "cuda": what was asked for, to be there on the node
};

/// Some of a submission's tasks, as one job array.
struct SubmittedJob {
    std::string job{};      ///< Slurm's number of the array
    std::size_t first = 0;  ///< task of the array's index 0
    std::size_t tasks = 0;
};

/// RUNS/.submit/<id>/: plan.json, written once, and experiment/, bin/, lib/, plugins/: copies, so that what is edited
/// or built later changes nothing that is pending; task.sh; log/; tasks/: what tasks note of their starts; and
/// jobs.json, the arrays that Slurm was given.
struct Submission {
    std::string id{};
    std::filesystem::path folder{};
    std::string experiment{};
    std::string file_name{};  ///< the experiment's, which may name it
    std::string command{};
    std::string revision{};
    Overrides overrides{};  ///< with which the copy is read
    std::filesystem::path runs_folder{};
    std::filesystem::path data_folder{};
    std::size_t pack = 1;  ///< runs a task
    std::int64_t max_requeues = 0;
    std::int64_t cpus_per_task = 1;
    bool allow_insecure = false;
    std::vector<SubmittedRun> runs{};
    std::vector<SubmittedRun> finished{};  ///< were asked for too, and needed no task
    std::vector<SubmittedJob> jobs{};

    std::size_t tasks() const { return (runs.size() + pack - 1) / pack; }
    std::filesystem::path file() const { return folder / "experiment" / file_name; }
    std::filesystem::path run_folder(const SubmittedRun& run) const;
    /// Whether `job`, "123_4" or "123", is one of its arrays.
    bool holds_job(const std::string& job) const;
};

/// What the command line says of a submission, beside its plan.
struct SubmissionRequest {
    Overrides overrides{};  ///< of which set, seeds and timeout count for the copy of the experiment's file
    std::filesystem::path runs_folder{};
    std::filesystem::path data_folder{};
    bool allow_insecure = false;
};

/// Of the plan's runs, those that are neither finished nor among the fingerprints `queued`; not written yet.
Submission submission_of(const Plan& plan, const SlurmSettings& settings, const SubmissionRequest& request,
                         const std::set<std::string>& queued);

/// Keeps other processes from submitting to this runs folder while it lives. Waits for one that does, and says so.
std::unique_ptr<RunLocks> lock_submissions(const std::filesystem::path& runs_folder);

/// Copies and plan; `submission` needs no id and folder yet. What it made before it failed is for the caller to remove.
/// Throws StorageError, or Error if something to copy cannot be read.
void write_submission(Submission& submission, const Plan& plan);
/// After each array that Slurm took.
void write_jobs(const Submission& submission);

/// Throws Error (usage) saying what is wrong.
Submission read_submission(const std::filesystem::path& folder);

/// All of an experiment (""; of all), the oldest first. Those whose plan cannot be read are left out, with a warning on
/// standard error.
std::vector<Submission> find_submissions(const std::filesystem::path& runs_folder, const std::string& experiment);

}  // namespace labhost
