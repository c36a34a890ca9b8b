// Two configurations, or two sets of runs, side by side: their differences over seeds.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/configurations.hpp"
#include "analysis/metric_value.hpp"
#include "analysis/statistics.hpp"

namespace labhost {

/// What stands on one side: some configurations under a name.
struct Side {
    std::string name{};
    std::vector<Configuration> configurations{};
};

struct Comparison {
    std::string configuration{};  ///< on both sides, or "net3 - net4"
    MetricChoice metric{};
    std::size_t seeds = 0;      ///< that both sides have
    std::size_t unpaired = 0;   ///< seeds of one side only, left out
    std::optional<Spread> a{};  ///< over those seeds; the deviation from two on
    std::optional<Spread> b{};
    std::optional<double> difference{};  ///< mean of a - b, by seed
    std::optional<Interval> interval{};  ///< of the difference, at 95 %
    std::optional<double> p{};           ///< two-sided paired t test
    std::optional<double> p_holm{};      ///< adjusted for the configurations of this metric
};

struct Comparisons {
    std::string a{};
    std::string b{};
    std::vector<Comparison> rows{};        ///< by metric, then in a's order
    std::vector<std::string> only_in_a{};  ///< configurations that have no counterpart
    std::vector<std::string> only_in_b{};
};

/// Pairs configurations by id, or where there is one on each side, these; runs by seed. A seed without the metric on
/// one side is left out, and counted.
Comparisons compare(const Side& a, const Side& b, std::span<const MetricChoice> metrics);

}  // namespace labhost
