// In which settings runs differ, and which they share.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "record/run_record.hpp"

namespace labhost {

/// Of `keys`, those in which runs of one model and one experiment differ: what was swept.
std::vector<std::string> swept_keys(std::span<const RunRecord> runs, std::span<const std::string> keys);

/// Of `keys`, those that all runs have with the same value, `params.*` apart, and that value.
std::vector<std::pair<std::string, Json>> shared_settings(std::span<const RunRecord> runs,
                                                          std::span<const std::string> keys);

/// The keys in which runs of the same experiment and id differ; where they differ in none, the fingerprint too.
std::vector<std::string> keys_telling_apart(std::span<const RunRecord> runs);

}  // namespace labhost
