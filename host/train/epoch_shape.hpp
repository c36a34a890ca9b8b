// How many examples, batches and steps a run's epochs have.
#pragma once

#include <cstdint>

#include "config/experiment.hpp"
#include "data/dataset.hpp"

namespace labhost {

struct EpochShape {
    std::int64_t trained = 0;     ///< examples to train on
    std::int64_t validated = 0;   ///< examples of the training data that are kept to validate with
    std::int64_t tested = 0;      ///< examples
    std::int64_t batches = 0;     ///< of training
    std::int64_t last_batch = 0;  ///< examples of the last one
    std::int64_t steps = 0;       ///< of the optimizer
};

/// The lengths are those of torch.utils.data.random_split. Throws Error (usage) with the key's place where nothing is
/// left to train on or to validate with.
EpochShape epoch_shape(const RunSettings& run, const Dataset& dataset);

}  // namespace labhost
