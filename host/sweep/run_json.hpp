// run.json: what was asked of a run, resolved, and where and with what it was begun.
#pragma once

#include "sweep/plan.hpp"

namespace labhost {

/// [worker] Asks LibTorch for its version and BLAS.
Json run_json(const Plan& plan, const PlannedRun& run, const Device& device);

/// Of the device's GPU; an empty object for a CPU. The plan has asked for the GPUs if a run is on one, before this
/// process was made.
Json gpu_json(const Device& device);

}  // namespace labhost
