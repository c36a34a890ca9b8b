// The loaders of a run.
#pragma once

#include <optional>
#include <vector>

#include <c10/core/Device.h>

#include "config/experiment.hpp"
#include "data/dataset.hpp"
#include "engine/loader.hpp"
#include "train/epoch_shape.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// Of the passes of an epoch.
struct Loaders {
    Loader train;
    std::optional<Loader> validation;
    Loader test;

    Loader& of(Pass pass) {
        if (pass == Pass::train) return train;
        return pass == Pass::validation ? *validation : test;
    }
    const Loader& of(Pass pass) const {
        if (pass == Pass::train) return train;
        return pass == Pass::validation ? *validation : test;
    }
};

/// `dataset` must outlive them; `sizes`: of an example, as the model takes it; `device`: where batches are made.
Loaders make_loaders(const RunSettings& run, const Dataset& dataset, const std::vector<std::int64_t>& sizes,
                     const EpochShape& shape, const c10::Device& device);

}  // namespace labhost
