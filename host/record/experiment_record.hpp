// What an experiment's folder keeps of its file, so that results can be understood without it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/claims.hpp"

namespace labhost {

/// RUNS/<experiment>/experiment.json: of the last sweep.
struct ExperimentRecord {
    std::string name{};
    std::string title{};
    std::filesystem::path file{};
    std::string source{};    ///< the file's text
    std::string command{};   ///< the last that ran it
    std::string revision{};  ///< see git_revision
    std::vector<Claim> claims{};
    std::filesystem::path folder{};  ///< that holds the runs' folders
};

/// Into its folder. Throws StorageError.
void write_experiment(const ExperimentRecord& experiment);

/// Nothing if there is none that can be read.
std::optional<ExperimentRecord> read_experiment_record(const std::filesystem::path& folder);

}  // namespace labhost
