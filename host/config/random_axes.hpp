// Random axes: values drawn from distributions, the same on every machine.
#pragma once

#include "config/axes.hpp"

namespace labhost {

/// Draws the samples of a `random` table: samples, seed (default 1), and axes that are each a distribution:
/// { uniform = [0.0, 1.0] }, { log_uniform = [1e-4, 1e-1] }, { choice = [32, 64] }, { int = [16, 128] }.
/// Each axis has a stream of its own, seeded from the table's seed and its key: another axis, or more samples, leave
/// the draws there were. A sample that equals an earlier one is left out. Throws Error (usage).
AxisGroup random_axes(StrictTable table);

}  // namespace labhost
