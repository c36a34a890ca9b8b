#include "record/json.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/keys.hpp"
#include "config/settings.hpp"
#include "data/picture.hpp"
#include "support/error.hpp"
#include "support/hash.hpp"

namespace labhost {

namespace {

void add_pass(Json& json, const std::string& name, const PassMetrics& metrics) {
    json[name + ".loss"] = metrics.loss;
    if (metrics.accuracy) json[name + ".accuracy"] = *metrics.accuracy;
    if (metrics.correct) json[name + ".correct"] = *metrics.correct;
    if (metrics.mae) json[name + ".mae"] = *metrics.mae;
    if (metrics.rmse) json[name + ".rmse"] = *metrics.rmse;
    if (metrics.r2) json[name + ".r2"] = *metrics.r2;
}

double number_or_nan(const Json& json) {
    return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

std::optional<double> optional_number(const Json& json, const std::string& key) {
    return json.contains(key) ? std::optional(number_or_nan(json.at(key))) : std::nullopt;
}

/// A real number here is an error: one that is too large for an integer has no value as one.
std::int64_t integer(const Json& json) { return json.get_ref<const std::int64_t&>(); }

PassMetrics pass_from_json(const Json& json, const std::string& name) {
    const auto optional = [&](const char* key) { return optional_number(json, name + key); };
    PassMetrics metrics{.loss = number_or_nan(json.at(name + ".loss")), .accuracy = optional(".accuracy")};
    if (json.contains(name + ".correct")) metrics.correct = integer(json.at(name + ".correct"));
    metrics.mae = optional(".mae");
    metrics.rmse = optional(".rmse");
    metrics.r2 = optional(".r2");
    return metrics;
}

/// What a page can draw.
bool is_image(const Split& split) {
    constexpr std::int64_t longest_side = 1024;
    return is_picture(split) && std::ranges::max(split.sizes) <= longest_side;
}

/// Of no image, what the example holds.
Json values_of(const Split& split, std::int64_t example) {
    Json values = Json::array();
    for (std::int64_t i = 0; i < split.elements(); ++i)
        values.push_back(split.is_bytes() ? Json(split.bytes_of(example)[i]) : Json(split.reals_of(example)[i]));
    return values;
}

/// [n, width] as n arrays.
Json json_rows(const std::vector<float>& values, std::int64_t width) {
    Json rows = Json::array();
    for (auto row = values.begin(); row != values.end(); row += width)
        rows.push_back(std::vector<float>(row, row + width));
    return rows;
}

constexpr std::int64_t most_values = 256;  ///< of an example that is no image

}  // namespace

Json to_json(const EpochMetrics& metrics) {
    Json json{{"epoch", metrics.epoch}};
    if (metrics.lr) json["lr"] = *metrics.lr;
    add_pass(json, "train", metrics.train);
    if (metrics.validation) add_pass(json, "validation", *metrics.validation);
    add_pass(json, "test", metrics.test);
    if (metrics.f1) json["test.f1"] = *metrics.f1;
    if (metrics.f1_micro) json["test.f1_micro"] = *metrics.f1_micro;
    if (metrics.top5) json["test.top5"] = *metrics.top5;
    json["seconds"] = metrics.seconds;
    return json;
}

EpochMetrics metrics_from_json(const Json& json) {
    EpochMetrics metrics{.epoch = integer(json.at("epoch")),
                         .train = pass_from_json(json, "train"),
                         .validation = {},
                         .test = pass_from_json(json, "test"),
                         .f1 = {},
                         .f1_micro = {},
                         .top5 = {},
                         .lr = {},
                         .seconds = json.at("seconds").get<double>()};
    if (json.contains("validation.loss")) metrics.validation = pass_from_json(json, "validation");
    metrics.lr = optional_number(json, "lr");
    metrics.f1 = optional_number(json, "test.f1");
    metrics.f1_micro = optional_number(json, "test.f1_micro");
    metrics.top5 = optional_number(json, "test.top5");
    return metrics;
}

Json to_json(const Predictions& predictions, const Split& test) {
    if (predictions.outputs > 0)
        return {{"outputs", predictions.outputs},
                {"targets", json_rows(predictions.targets, predictions.outputs)},
                {"predicted", json_rows(predictions.predicted, predictions.outputs)}};
    Json confusion = Json::array();
    for (auto row = predictions.confusion.begin(); row != predictions.confusion.end(); row += predictions.classes)
        confusion.push_back(std::vector<std::int64_t>(row, row + predictions.classes));
    Json mistakes = Json::array();
    for (const Predictions::Mistake& mistake : predictions.mistakes) {
        Json& json = mistakes.emplace_back(Json{{"example", mistake.example},
                                                {"label", mistake.label},
                                                {"predicted", mistake.predicted},
                                                {"probabilities", mistake.probabilities}});
        if (is_image(test)) {
            const auto pixels = pixels_of(test, mistake.example);
            json["pixels"] = base64({reinterpret_cast<const char*>(pixels.data()), pixels.size()});
        } else if (test.elements() <= most_values) {
            json["values"] = values_of(test, mistake.example);
        }
    }
    Json json{{"classes", predictions.classes}, {"confusion", std::move(confusion)}};
    if (is_image(test)) {
        json["height"] = test.sizes[test.sizes.size() - 2];
        json["width"] = test.sizes.back();
        if (channels_of(test.sizes) != 1) json["channels"] = channels_of(test.sizes);
    }
    json["mistakes"] = std::move(mistakes);
    return json;
}

Json to_json(const Claim& claim) {
    Json json{{"says", claim.says}, {"test", to_text(claim.test)}, {"metric", claim.metric.text()}, {"of", claim.of}};
    if (claim.test == ClaimTest::about)
        json["value"] = claim.value;
    else
        json["than"] = claim.than;
    json["margin"] = claim.margin;
    json["alpha"] = claim.alpha;
    return json;
}

Claim claim_from_json(const Json& json) {
    Claim claim{.says = json.at("says").get<std::string>(), .of = json.at("of").get<std::string>()};
    const auto test = from_text<ClaimTest>(json.at("test").get<std::string>());
    const auto metric = parse_metric(json.at("metric").get<std::string>());
    claim.than = json.value("than", "");
    claim.value = json.value("value", 0.0);
    claim.margin = json.at("margin").get<double>();
    claim.alpha = json.at("alpha").get<double>();
    const bool sane = test && metric && claim.margin >= 0.0 && claim.alpha > 0.0 && claim.alpha <= 0.5;
    if (!sane) throw Error(ExitCode::usage, "a recorded claim is damaged");
    claim.test = *test;
    claim.metric = *metric;
    return claim;
}

Json to_json(const TrainerSettings& settings) { return values_of(trainer_keys(), settings, Use::record); }

Json to_json(const DataSettings& settings) { return values_of(data_keys(), settings, Use::record); }

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

Json to_json(const Reference& reference) {
    Json json = Json::object();
    for (const auto& [key, values] : published)
        if (!(reference.*values).empty()) json[key] = reference.*values;
    return json;
}

Reference reference_from_json(const Json& json) {
    Reference reference;
    for (const auto& [key, values] : published)
        if (json.contains(key))
            for (const Json& value : json.at(key)) (reference.*values).push_back(number_or_nan(value));
    return reference;
}

}  // namespace labhost
