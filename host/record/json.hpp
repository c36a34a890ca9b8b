// The JSON of a run's record: metrics, settings, parameters.
#pragma once

#include "config/experiment.hpp"
#include "plugin/params.hpp"
#include "support/json.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// Flat keys: "epoch", "train.loss", "train.accuracy" (percent), "train.correct", "test. ...", "seconds".
Json to_json(const EpochMetrics& metrics);
EpochMetrics metrics_from_json(const Json& json);

Json to_json(const TrainerSettings& settings);
Json to_json(const DataSettings& settings);
Json to_json(const ResolvedParams& params);

}  // namespace labhost
