// What one sees while a sweep runs, on standard error: a live line on a terminal, plain lines elsewhere.
#pragma once

#include <memory>

#include "cli/options.hpp"
#include "sweep/execute.hpp"

namespace labhost {

/// The view that fits standard error and the options (--quiet, --no-color).
std::unique_ptr<SweepObserver> make_progress(const Options& options);

/// "0:07", "12:40", "1:02:03"
std::string duration_text(double seconds);

}  // namespace labhost
