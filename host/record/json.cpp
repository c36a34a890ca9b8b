#include "record/json.hpp"

#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>

namespace labhost {

namespace {

void add_pass(Json& json, const std::string& name, const PassMetrics& metrics) {
    json[name + ".loss"] = metrics.loss;
    json[name + ".accuracy"] = metrics.accuracy;
    json[name + ".correct"] = metrics.correct;
}

double number_or_nan(const Json& json) {
    return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

PassMetrics pass_from_json(const Json& json, const std::string& name) {
    return {.loss = number_or_nan(json.at(name + ".loss")),
            .accuracy = number_or_nan(json.at(name + ".accuracy")),
            .correct = json.at(name + ".correct").get<std::int64_t>(),
            .count = 0};
}

}  // namespace

Json to_json(const EpochMetrics& metrics) {
    Json json{{"epoch", metrics.epoch}};
    add_pass(json, "train", metrics.train);
    add_pass(json, "test", metrics.test);
    json["seconds"] = metrics.seconds;
    return json;
}

EpochMetrics metrics_from_json(const Json& json) {
    return {.epoch = json.at("epoch").get<std::int64_t>(),
            .train = pass_from_json(json, "train"),
            .test = pass_from_json(json, "test"),
            .seconds = json.at("seconds").get<double>()};
}

Json to_json(const TrainerSettings& settings) {
    Json json{{"epochs", settings.epochs},
              {"batch_size", settings.batch_size},
              {"test_batch_size", settings.test_batch_size},
              {"loss", settings.loss == Loss::nll ? "nll" : "cross_entropy"},
              {"device", settings.device},
              {"threads", settings.threads},
              {"numerics", settings.numerics},
              {"optimizer",
               {{"name", settings.optimizer.name},
                {"lr", settings.optimizer.lr},
                {"momentum", settings.optimizer.momentum}}}};
    if (!settings.init_from.empty()) json["init_from"] = settings.init_from.native();
    return json;
}

Json to_json(const DataSettings& settings) {
    Json json{{"dataset", settings.dataset}, {"normalize", {{"mean", settings.mean}, {"std", settings.std}}}};
    if (settings.train_limit) json["train_limit"] = *settings.train_limit;
    if (settings.test_limit) json["test_limit"] = *settings.test_limit;
    return json;
}

Json to_json(const ResolvedParams& params) {
    Json json = Json::object();
    for (std::size_t i = 0; i < params.names.size(); ++i)
        std::visit([&](const auto& value) { json[params.names[i]] = value; }, params.values[i]);
    // JSON has no infinity; as text it still differs from the other one.
    for (auto& [name, value] : json.items())
        if (value.is_number_float() && !std::isfinite(value.get<double>()))
            value = fmt::format("{}", value.get<double>());
    return json;
}

}  // namespace labhost
