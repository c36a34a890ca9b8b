// The JSON of a run's record: metrics, settings, parameters, published numbers.
#pragma once

#include "config/experiment.hpp"
#include "data/dataset.hpp"
#include "plugin/params.hpp"
#include "support/json.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// Flat keys: "epoch", "train.loss", "train.accuracy" (percent), "train.correct", with a validation split
/// "validation. ...", "test. ...", "lr", "seconds".
Json to_json(const EpochMetrics& metrics);
EpochMetrics metrics_from_json(const Json& json);

/// "classes", "confusion" (a row of counts for each label), "height", "width", and "mistakes": each with "example",
/// "label", "predicted", "probabilities", and "pixels": its image in `test`, a byte a pixel, in base64.
Json to_json(const Predictions& predictions, const Split& test);

/// Keys as in a file's [[claim]].
Json to_json(const Claim& claim);
/// Throws nlohmann's exceptions or Error for what to_json does not write.
Claim claim_from_json(const Json& json);

Json to_json(const TrainerSettings& settings);
Json to_json(const DataSettings& settings);
Json to_json(const ResolvedParams& params);

/// Keys "train_loss", "train_accuracy", "test_loss", "test_accuracy", an array each; absent where nothing was
/// published.
Json to_json(const Reference& reference);
/// Throws nlohmann's exceptions for what to_json does not write.
Reference reference_from_json(const Json& json);

}  // namespace labhost
