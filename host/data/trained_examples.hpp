// The examples that a run is trained on, once its test and its validation are taken off.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/dataset.hpp"

namespace labhost {

/// Which of `dataset.train`, after train_limit and validation.
std::vector<std::int64_t> trained_examples(const DataSettings& settings, const Dataset& dataset);

/// What they go by, as a key: equal ones have the same.
std::string trained_key(const DataSettings& settings, TargetKind kind);

/// scikit-learn's "balanced": examples / (classes x examples of the class), of those that are trained on. Each is
/// computed once.
class BalancedWeights {
public:
    /// Where `settings.class_weights` is balanced, fills in its numbers. Throws Error (usage) if a class has no
    /// examples.
    void fill_in(DataSettings& settings, const Dataset& dataset, std::int64_t classes);

private:
    std::map<std::string, std::vector<double>> known_{};
};

}  // namespace labhost
