// The JSON of a run's record: metrics, settings, parameters.
#pragma once

#include <nlohmann/json.hpp>

#include "config/experiment.hpp"
#include "plugin/params.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// Keys in the order they are written. Doubles print so that they read back to the same bits; a loss that is not
/// finite prints as null, for JSON has no word for it.
using Json = nlohmann::ordered_json;

/// Flat keys: "epoch", "train.loss", "train.accuracy" (percent), "train.correct", "test. ...", "seconds".
Json to_json(const EpochMetrics& metrics);
EpochMetrics metrics_from_json(const Json& json);

Json to_json(const TrainerSettings& settings);
Json to_json(const DataSettings& settings);
Json to_json(const ResolvedParams& params);

}  // namespace labhost
