#include "train/captured_part.hpp"

namespace labhost {

CapturedPart captured_part(const TrainerSettings& trainer, const DataSettings& data) {
    if (data.augment.any() || trainer.accumulate > 1) return CapturedPart::nothing;
    const bool same_each_time = trainer.optimizer.algorithm().name == "sgd" && !trainer.schedule && !trainer.ema_decay;
    return same_each_time ? CapturedPart::all : CapturedPart::gradients;
}

}  // namespace labhost
