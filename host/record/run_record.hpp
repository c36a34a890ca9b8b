// A run as its folder tells it, without the experiment's file: what results are shown from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "record/json.hpp"
#include "record/run_state.hpp"
#include "train/trainer.hpp"

namespace labhost {

struct RunRecord {
    std::string experiment{};
    std::string id{};
    std::string model{};
    Json params = Json::object();
    Json trainer = Json::object();
    Json data = Json::object();
    std::uint64_t seed = 0;
    std::string fingerprint{};
    Json fingerprint_of = Json::object();  ///< what the fingerprint is made of
    std::filesystem::path folder{};
    RunState status = RunState::fresh;
    std::string queue_state{};                ///< a cluster's word, while that counts: "pending", "lost"; else empty
    std::string reason{};                     ///< why it failed, or is pending
    std::string job{};                        ///< Slurm's, in which it ended; empty if in none
    std::optional<EpochMetrics> final{};      ///< of the last epoch of a run that is over
    std::int64_t kept_epoch = 0;              ///< whose weights and predictions it left; 0: unknown
    std::optional<double> seconds{};          ///< wall time of a run that is over
    Reference reference{};                    ///< published numbers, per epoch
    std::filesystem::path experiment_file{};  ///< that asked for the run; empty if its record does not say
};

/// How the run stands, as people and JSON read it: the state of its folder, or what a cluster says.
std::string status_text(const RunRecord& run);

struct FoundRecords {
    std::vector<RunRecord> runs{};        ///< by experiment, then by path
    std::vector<std::string> warnings{};  ///< a line for each folder whose record cannot be read
};

enum class Links { follow, skip };

/// The epochs that metrics.jsonl in this folder holds, so far; what is no line of it is left out.
std::vector<EpochMetrics> read_epochs(const std::filesystem::path& folder);

/// The object that a JSON file holds; an empty one if there is none that can be read.
Json read_object(const std::filesystem::path& file);

/// The record in a run's folder, if it is of the run with this fingerprint and can be read.
std::optional<RunRecord> find_record(const std::filesystem::path& folder, const std::string& fingerprint);

/// The runs in a runs folder (RUNS/<experiment>/<run>), in an experiment's folder, or the one whose folder it is: all
/// that have a run.json. A folder with a damaged record is left out, with a warning.
/// `links`: whether symbolic links below `folder` count. Throws Error (usage) if `folder` is none.
FoundRecords find_records(const std::filesystem::path& folder, Links links = Links::follow);

}  // namespace labhost
