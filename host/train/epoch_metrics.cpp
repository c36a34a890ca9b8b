#include "train/trainer.hpp"

namespace labhost {

std::optional<double> metric_of(const EpochMetrics& epoch, std::string_view name) {
    if (name == "seconds") return epoch.seconds;
    if (name == "test.f1") return epoch.f1;
    if (name == "test.top5") return epoch.top5;
    const PassMetrics* pass = nullptr;
    if (name.starts_with("train.")) pass = &epoch.train;
    if (name.starts_with("validation.") && epoch.validation) pass = &*epoch.validation;
    if (name.starts_with("test.")) pass = &epoch.test;
    if (pass == nullptr) return std::nullopt;
    if (name.ends_with(".loss")) return pass->loss;
    if (name.ends_with(".accuracy")) return pass->accuracy;
    if (name.ends_with(".correct")) return static_cast<double>(pass->correct);
    return std::nullopt;
}

}  // namespace labhost
