#include "train/trainer.hpp"

namespace labhost {

std::optional<double> metric_of(const EpochMetrics& epoch, std::string_view name) {
    if (name == "seconds") return epoch.seconds;
    if (name == "test.f1") return epoch.f1;
    if (name == "test.f1_micro") return epoch.f1_micro;
    if (name == "test.top5") return epoch.top5;
    const PassMetrics* pass = nullptr;
    if (name.starts_with("train.")) pass = &epoch.train;
    if (name.starts_with("validation.") && epoch.validation) pass = &*epoch.validation;
    if (name.starts_with("test.")) pass = &epoch.test;
    if (pass == nullptr) return std::nullopt;
    if (name.ends_with(".loss")) return pass->loss;
    if (name.ends_with(".accuracy")) return pass->accuracy;
    if (name.ends_with(".correct") && pass->correct) return static_cast<double>(*pass->correct);
    if (name.ends_with(".mae")) return pass->mae;
    if (name.ends_with(".rmse")) return pass->rmse;
    if (name.ends_with(".r2")) return pass->r2;
    return std::nullopt;
}

}  // namespace labhost
