// Which epoch of a run is the best, and whether better ones are still to be hoped for.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "config/experiment.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// The number of the best epoch by this metric, the earliest of equal ones; 0 where it is nowhere a number.
std::int64_t best_epoch(std::span<const EpochMetrics> epochs, const std::string& metric);

/// Whether the last `patience` epochs were none better than the best one before by more than `min_delta`.
bool has_stopped(std::span<const EpochMetrics> epochs, const std::string& metric, const StopSettings& stop);

}  // namespace labhost
