// The mean and the deviation of examples, for normalize = "auto".
#pragma once

#include <map>
#include <string>

#include "data/dataset.hpp"

namespace labhost {

/// Of each channel, or column: the mean and the population's standard deviation over the examples that are trained on
/// (after train_limit and validation), of bytes as 0 to 1, in double. A deviation of 0 is 1. Each is computed once.
class Normalizations {
public:
    /// Where `settings.normalize` is automatic, fills in its numbers.
    void fill_in(DataSettings& settings, const Dataset& dataset, TargetKind kind);

private:
    std::map<std::string, NormalizeSettings> known_{};
};

/// Of these examples.
NormalizeSettings normalization_of(const Split& split, std::span<const std::int64_t> examples);

}  // namespace labhost
