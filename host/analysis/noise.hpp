// The noise floor: how a metric spreads over seeds, and what difference so many seeds can resolve.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/configurations.hpp"
#include "analysis/metric_value.hpp"

namespace labhost {

struct NoiseFloor {
    std::string configuration{};  ///< its label
    MetricChoice metric{};
    std::size_t seeds = 0;    ///< that have a value
    std::size_t without = 0;  ///< that have none
    std::string why{};        ///< the first of these has none
    double mean = 0.0;        ///< all in the metric's unit; with no seeds not set
    double least = 0.0;
    double most = 0.0;
    std::optional<double> deviation{};  ///< of a sample; from two seeds on
    std::optional<double> resolves{};   ///< see resolvable_difference: alpha 0.05, power 0.8
};

std::vector<NoiseFloor> noise_of(std::span<const Configuration> configurations, std::span<const MetricChoice> metrics);

}  // namespace labhost
