// What of a training step a CUDA graph may hold: a replay repeats kernels with the numbers that they were captured
// with.
#pragma once

#include "config/experiment.hpp"

namespace labhost {

enum class CapturedPart {
    all,        ///< the gradients and what the optimizer makes of them
    gradients,  ///< the host computes what a step is made with anew each time: step counts, rates, the first average
    nothing,    ///< the host makes the batch, or it depends on the batch what is done
};

CapturedPart captured_part(const TrainerSettings& trainer, const DataSettings& data);

}  // namespace labhost
