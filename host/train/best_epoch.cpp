#include "train/best_epoch.hpp"

#include <cmath>
#include <limits>

namespace labhost {

namespace {

/// NaN is no better than anything.
bool is_better(double value, double than, bool less, double by) { return less ? than - value > by : value - than > by; }

double worst(bool less) {
    return less ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
}

double value_of(const EpochMetrics& epoch, const std::string& metric) {
    return metric_of(epoch, metric).value_or(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

std::int64_t best_epoch(std::span<const EpochMetrics> epochs, const std::string& metric) {
    const bool less = less_is_better(metric);
    std::int64_t best = 0;
    double best_value = worst(less);
    for (const EpochMetrics& epoch : epochs) {
        const double value = value_of(epoch, metric);
        if (std::isnan(value) || (best != 0 && !is_better(value, best_value, less, 0.0))) continue;
        best = epoch.epoch;
        best_value = value;
    }
    return best;
}

bool has_stopped(std::span<const EpochMetrics> epochs, const std::string& metric, const StopSettings& stop) {
    const bool less = less_is_better(metric);
    double best = worst(less);
    std::int64_t without = 0;
    for (const EpochMetrics& epoch : epochs) {
        const double value = value_of(epoch, metric);
        if (is_better(value, best, less, stop.min_delta)) {
            best = value;
            without = 0;
        } else if (++without >= stop.patience) {
            return true;
        }
    }
    return false;
}

}  // namespace labhost
