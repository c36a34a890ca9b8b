// Where a run is: the epochs that are done, and how far the one under way has come.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/state.hpp"
#include "train/trainer.hpp"

namespace labhost {

struct Position final : Stateful {
    std::vector<EpochMetrics> history{};
    Pass pass = Pass::train;   ///< of the epoch: under way, or next
    bool in_pass = false;      ///< it has begun
    EpochMetrics so_far{};     ///< of the epoch under way, as far as its passes are done
    double seconds = 0.0;      ///< spent on this epoch
    double run_seconds = 0.0;  ///< on the run, when it was last saved

    std::int64_t epoch() const { return static_cast<std::int64_t>(history.size()) + 1; }  ///< under way, from 1

    void save(StateWriter state) const override;
    void load(const StateReader& state) override;
};

}  // namespace labhost
