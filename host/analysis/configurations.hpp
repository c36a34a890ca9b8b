// Runs that differ in their seed only, together.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "record/run_record.hpp"

namespace labhost {

struct Configuration {
    std::string experiment{};
    std::string id{};     ///< of its runs, without the seed: "net2-p0.25"
    std::string label{};  ///< the id, and what tells it from others of the same id
    int copy = 1;         ///< from 2 on where the very same runs are there again, in another folder
    std::map<std::uint64_t, const RunRecord*> runs{};  ///< by seed
};

/// "net2-p0.25" of net2-p0.25-s1.
std::string id_without_seed(const RunRecord& run);

/// In the order of their first runs. Runs of one id that differ in more than the seed (their plugin, a setting) are
/// configurations of their own. The runs must outlive what is returned.
std::vector<Configuration> configurations_of(std::span<const RunRecord> runs);

}  // namespace labhost
