#include "analysis/metric_value.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "train/best_epoch.hpp"

namespace labhost {

namespace {

/// By which a run's validation chooses an epoch.
std::string metric_of_choice(const RunRecord& run) {
    const std::string otherwise = "validation.loss";
    const Json stop = object_in(run.trainer, "stop");
    for (const std::string& metric : {text_at(run.trainer, "keep_metric"), text_at(stop, "metric")})
        if (!metric.empty()) return is_of_validation(metric) ? metric : otherwise;
    return otherwise;
}

}  // namespace

MetricValue metric_value(const RunRecord& run, const MetricChoice& metric) {
    if (run.status != RunState::finished || !run.final)
        return {.why = fmt::format("{} has no result ({})", run.id, status_text(run))};
    std::vector<EpochMetrics> epochs{*run.final};
    if (metric.when != MetricChoice::When::last) epochs = read_epochs(run.folder);
    const bool chosen = metric.when == MetricChoice::When::best && !epochs.empty() && epochs.front().validation;
    if (chosen || metric.when == MetricChoice::When::epoch) {
        const std::int64_t wanted = chosen ? best_epoch(epochs, metric_of_choice(run)) : metric.epoch;
        const auto found = std::ranges::find(epochs, wanted, &EpochMetrics::epoch);
        if (found == epochs.end())
            return {.why = chosen ? fmt::format("the validation of {} chose no epoch", run.id)
                                  : fmt::format("{} has no epoch {}", run.id, wanted)};
        epochs = {*found};
    }
    std::vector<double> values;
    for (const EpochMetrics& epoch : epochs) {
        const Json all = to_json(epoch);
        if (!all.contains(metric.key)) return {.why = fmt::format("{} has no {}", run.id, metric.key)};
        const Json& value = all.at(metric.key);
        constexpr double largest = 1e150;  // its square is a number still
        if (!value.is_number() || !(std::abs(value.get<double>()) < largest))
            return {.why = fmt::format("{} of {} is no number", metric.text(), run.id)};
        values.push_back(value.get<double>());
    }
    if (values.empty()) return {.why = fmt::format("{} has no metrics", run.id)};
    return {.value = metric.less_is_better() ? std::ranges::min(values) : std::ranges::max(values)};
}

}  // namespace labhost
