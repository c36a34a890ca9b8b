// The value of a metric that a run has come to.
#pragma once

#include <optional>
#include <string>

#include "config/claims.hpp"
#include "record/run_record.hpp"

namespace labhost {

struct MetricValue {
    std::optional<double> value{};  ///< finite, so that its square is, too
    std::string why{};              ///< there is none
};

/// At the last epoch of a finished run, at another, or at its best.
MetricValue metric_value(const RunRecord& run, const MetricChoice& metric);

}  // namespace labhost
