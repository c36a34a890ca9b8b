// What only all layers of a run's settings together show: keys that must be there, and keys that do not go together.
#pragma once

#include <string>

#include "config/experiment.hpp"

namespace labhost {

/// Throws Error (usage) with the place of the key.
void check_run(const RunSettings& run);

/// That what follows a metric of the validation has one; throws Error (usage). check_run does it of data with a name;
/// files may bring a validation part.
void check_validates(const RunSettings& run);
/// The same of a claim on the run.
void check_validates(const Claim& claim, const RunSettings& run);

/// By which metric epochs are compared: of trainer.stop, and of trainer.keep.
std::string stop_metric(const TrainerSettings& trainer);
std::string keep_metric(const TrainerSettings& trainer);

/// The one that reduce_on_plateau follows: as written, else of the validation where there is one, else train.loss.
std::string plateau_metric(const ScheduleSettings& schedule, const DataSettings& data);

}  // namespace labhost
