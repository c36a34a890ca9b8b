#include "analysis/metric_value.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace labhost {

MetricValue metric_value(const RunRecord& run, const MetricChoice& metric) {
    if (run.status != RunState::finished || !run.final)
        return {.why = fmt::format("{} has no result ({})", run.id, status_text(run))};
    std::vector<EpochMetrics> epochs{*run.final};
    if (metric.when != MetricChoice::When::last) epochs = read_epochs(run.folder);
    if (metric.when == MetricChoice::When::epoch) {
        const auto found = std::ranges::find(epochs, metric.epoch, &EpochMetrics::epoch);
        if (found == epochs.end()) return {.why = fmt::format("{} has no epoch {}", run.id, metric.epoch)};
        epochs = {*found};
    }
    std::vector<double> values;
    for (const EpochMetrics& epoch : epochs) {
        const Json value = to_json(epoch).at(metric.key);
        constexpr double largest = 1e150;  // its square is a number still
        if (!value.is_number() || !(std::abs(value.get<double>()) < largest))
            return {.why = fmt::format("{} of {} is no number", metric.text(), run.id)};
        values.push_back(value.get<double>());
    }
    if (values.empty()) return {.why = fmt::format("{} has no metrics", run.id)};
    return {.value = metric.less_is_better() ? std::ranges::min(values) : std::ranges::max(values)};
}

}  // namespace labhost
