// More epochs of a run that is finished: they go on from its checkpoint, to the bits of a run that was never shorter.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sweep/plan.hpp"

namespace labhost {

/// The folders of an experiment, to be searched for shorter runs. Only those are looked into whose id is a run's, but
/// for how many epochs it says.
class ShorterRuns {
public:
    /// `names`: of the folders in `experiment`.
    ShorterRuns(std::filesystem::path experiment, const std::unordered_set<std::string>& names);

    /// The longest one; an empty folder if there is none.
    ShorterRun find(const PlannedRun& run) const;

private:
    std::filesystem::path experiment_;
    std::unordered_multimap<std::string, std::string> names_{};  ///< by id without what it says of epochs
};

}  // namespace labhost
