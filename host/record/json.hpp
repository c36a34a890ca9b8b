// The JSON of a run's record: metrics, settings, parameters, published numbers.
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

/// Keys "train_loss", "train_accuracy", "test_loss", "test_accuracy", an array each; absent where nothing was
/// published.
Json to_json(const Reference& reference);
/// Throws nlohmann's exceptions for what to_json does not write.
Reference reference_from_json(const Json& json);

}  // namespace labhost
