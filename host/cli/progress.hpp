// What one sees while a sweep runs, on standard error: a block that is redrawn on a terminal, plain lines elsewhere.
#pragma once

#include <memory>

#include "sweep/execute.hpp"

namespace labhost {

struct ProgressStyle {
    bool quiet = false;  ///< shows nothing
    bool color = true;
};

/// The view that fits standard error and the style. On a terminal, nothing else should write to
/// it until the view is destroyed or all runs have ended; what is to be said meanwhile goes through `said`.
std::unique_ptr<SweepObserver> make_progress(ProgressStyle style);

}  // namespace labhost
