#include "config/metric.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "support/text.hpp"

namespace labhost {

bool less_is_better(std::string_view metric) {
    return metric.ends_with("loss") || metric.ends_with(".mae") || metric.ends_with(".rmse") || metric == "seconds";
}

bool is_of_validation(std::string_view metric) { return metric.starts_with("validation."); }

const std::vector<std::string>& metric_names() {
    static const std::vector<std::string> names{"train.loss",
                                                "train.accuracy",
                                                "train.correct",
                                                "test.loss",
                                                "test.accuracy",
                                                "test.correct",
                                                "test.f1",
                                                "test.top5",
                                                "validation.loss",
                                                "validation.accuracy",
                                                "validation.correct",
                                                "test.f1_micro",
                                                "train.mae",
                                                "train.rmse",
                                                "train.r2",
                                                "validation.mae",
                                                "validation.rmse",
                                                "validation.r2",
                                                "test.mae",
                                                "test.rmse",
                                                "test.r2",
                                                "seconds"};
    return names;
}

std::optional<MetricChoice> parse_metric(const std::string& text) {
    MetricChoice metric{.key = text.substr(0, text.find('@'))};
    if (std::ranges::find(metric_names(), metric.key) == metric_names().end()) return std::nullopt;
    if (metric.key.size() == text.size()) return metric;
    const std::string when = text.substr(metric.key.size() + 1);
    if (when == "best") {
        metric.when = MetricChoice::When::best;
        return metric;
    }
    const auto epoch = parse_count(when, 999'999);
    if (!epoch || *epoch == 0) return std::nullopt;
    metric.when = MetricChoice::When::epoch;
    metric.epoch = static_cast<std::int64_t>(*epoch);
    return metric;
}

std::string MetricChoice::text() const {
    if (when == When::best) return key + "@best";
    return when == When::epoch ? fmt::format("{}@{}", key, epoch) : key;
}

void check_epoch_metric(const StrictTable& table, std::string_view key, const std::string& name) {
    std::vector<std::string> known = metric_names();
    std::erase(known, "seconds");
    if (std::ranges::find(known, name) == known.end())
        table.fail(key, fmt::format("= '{}' is no metric of an epoch{} (there are {})", name, did_you_mean(name, known),
                                    join(known)));
}

}  // namespace labhost
