// What RUNS... on a command line stands for: runs that are there, or planned, and what is claimed of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analysis/claims.hpp"
#include "cli/option_groups.hpp"
#include "record/experiment_record.hpp"
#include "record/run_record.hpp"

namespace labhost {

struct FoundRuns {
    std::vector<RunRecord> runs{};                ///< each once
    std::vector<ExperimentRecord> experiments{};  ///< of the runs, as far as it is known
    std::vector<std::string> warnings{};          ///< which records cannot be read

    /// On the claims of the experiments, each over its own runs.
    std::vector<ClaimVerdict> verdicts() const;
};

/// An EXPERIMENT.toml; else a name is a runs folder, an experiment's or a run's.
bool is_experiment_file(const std::string& name);

/// Throws Error (usage) if there is nothing, or the selection does not fit.
FoundRuns find_runs(const std::string& verb, std::span<const std::string> names, const RunSelection& selection);

/// Adds what is not there yet.
void merge(FoundRuns& all, FoundRuns more);

/// How planned runs stand by now.
void look_again(FoundRuns& planned);

/// Says each warning on standard error.
void say_warnings(std::span<const std::string> warnings);

}  // namespace labhost
