#include "analysis/noise.hpp"

#include <algorithm>

#include "analysis/statistics.hpp"

namespace labhost {

std::vector<NoiseFloor> noise_of(std::span<const Configuration> configurations, std::span<const MetricChoice> metrics) {
    std::vector<NoiseFloor> floors;
    for (const MetricChoice& metric : metrics)
        for (const Configuration& configuration : configurations) {
            std::vector<double> values;
            std::string why;
            for (const auto& [seed, run] : configuration.runs) {
                const MetricValue found = metric_value(*run, metric);
                if (found.value)
                    values.push_back(*found.value);
                else if (why.empty())
                    why = found.why;
            }
            NoiseFloor floor{.configuration = configuration.label,
                             .metric = metric,
                             .seeds = values.size(),
                             .without = configuration.runs.size() - values.size(),
                             .why = why};
            if (!values.empty()) {
                const Spread spread = spread_of(values);
                floor.mean = spread.mean;
                floor.least = std::ranges::min(values);
                floor.most = std::ranges::max(values);
                if (values.size() > 1) {
                    floor.deviation = spread.deviation;
                    floor.resolves = resolvable_difference(spread.deviation, values.size());
                }
            }
            floors.push_back(std::move(floor));
        }
    return floors;
}

}  // namespace labhost
