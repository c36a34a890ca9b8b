// Where a run is: the epochs that are done, and how far the one under way has come.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/state.hpp"
#include "train/trainer.hpp"

namespace labhost {

struct Position final : Stateful {
    std::vector<EpochMetrics> history{};
    bool testing = false;      ///< the epoch's training is done
    bool in_pass = false;      ///< a pass over the data has begun
    PassMetrics trained{};     ///< of this epoch's training, once it tests
    double seconds = 0.0;      ///< spent on this epoch
    double run_seconds = 0.0;  ///< on the run, when it was last saved

    std::int64_t epoch() const { return static_cast<std::int64_t>(history.size()) + 1; }  ///< under way, from 1

    void save(StateWriter state) const override;
    void load(const StateReader& state) override;
};

}  // namespace labhost
