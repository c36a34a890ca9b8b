// An experiment's file as it is written: [experiment], [sweep] and each [[run]], whose points are not made yet.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/axes.hpp"
#include "config/keys.hpp"

namespace labhost {

/// [experiment]
struct ExperimentSettings {
    std::string name{};  ///< "": the file's
    std::string title{};
    std::vector<std::uint64_t> seeds{1};
};

/// [sweep]
struct SweepSettings {
    AxisGroups groups{};
};

/// Published numbers, and the points they belong to (all, without a `when`).
struct WrittenReference {
    Location where{};
    std::optional<StrictTable> written_when{};
    std::optional<GridCondition> when{};  ///< made of it when all axes are known
    Reference reference{};
};

/// A [[run]] table: what all its points share, and what varies.
struct WrittenRun {
    Location where{};
    RunSettings base{};
    AxisGroups groups{};
    std::vector<WrittenReference> references{};

    /// The number of its points times `seeds`, or one more than most_runs if that is more.
    std::size_t count(std::size_t seeds) const {
        std::size_t count = seeds;
        for (const auto& group : groups) count = std::min<std::size_t>(count * group->size(), most_runs + 1);
        return count;
    }
};

const Keys<ExperimentSettings>& experiment_keys();
const Keys<WrittenRun>& run_keys();
const Keys<SweepSettings>& sweep_keys();

}  // namespace labhost
