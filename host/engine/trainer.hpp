// The trainer on LibTorch.
#pragma once

#include <memory>

#include "config/experiment.hpp"
#include "data/dataset.hpp"
#include "plugin/params.hpp"
#include "plugin/plugin.hpp"
#include "train/engine.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// [worker | child] As Engine::make_trainer.
std::unique_ptr<Trainer> make_torch_trainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                                            const Dataset& dataset, const Device& device,
                                            const TrainerOptions& options);

}  // namespace labhost
