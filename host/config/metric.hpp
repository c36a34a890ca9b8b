// What an epoch of a run is measured by, as files and options name it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/strict_table.hpp"

namespace labhost {

/// Of a loss, of errors and of seconds; of the others more is.
bool less_is_better(std::string_view metric);

/// A metric, and which epoch's.
struct MetricChoice {
    std::string key = "test.accuracy";
    /// best: the epoch that the run's validation chose where there is one, else that of the metric's best value.
    enum class When { last, best, epoch } when = When::last;
    std::int64_t epoch = 0;

    /// As written: "test.accuracy", "test.loss@best", "train.loss@3".
    std::string text() const;
    bool less_is_better() const { return labhost::less_is_better(key); }
};

/// From text as MetricChoice::text() gives it; nothing for what is none.
std::optional<MetricChoice> parse_metric(const std::string& text);

/// "seconds", "test.accuracy", ...: what a metric may be without its '@'.
const std::vector<std::string>& metric_names();

/// Whether only a run with a validation split has it.
bool is_of_validation(std::string_view metric);

/// Throws Error (usage) unless the table's `key`, which is `name`, is a metric that an epoch has.
void check_epoch_metric(const StrictTable& table, std::string_view key, const std::string& name);

}  // namespace labhost
