// Which run next: the longest first, and no long tail at the end.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "sweep/plan.hpp"

namespace labhost {

/// Work of a run in training images: a test image costs about a third of one, having no backward pass.
double work_of(const PlannedRun& run);
/// The part of it that is done at this point.
double work_done(const PlannedRun& run, const Progress& at);

/// What work costs, as seen so far in this sweep.
class Pace {
public:
    void add(const std::string& model, double work, double seconds);
    /// Seconds that this work of the model is expected to take: by its own pace, else by all models', else nothing
    /// known: as many as there are images, so that runs still compare.
    double seconds(const std::string& model, double work) const;

private:
    struct Sum {
        double work = 0.0;
        double seconds = 0.0;
    };
    std::map<std::string, Sum> models_;
    Sum all_;
};

/// The running run to pause in favour of the longest that waits, if there is one; both are seconds that are left.
///
/// No schedule of these runs on `jobs` workers can end before `ideal`, the sum of what is left over `jobs`. A waiting
/// run that would itself take that long must run from now on, or it becomes the tail; the one nearest its end can wait
/// (McNaughton's rule: with interruptions the ideal is reached). So nine equal runs on two workers take 4.5 runs' time,
/// not 5, with one interruption.
std::optional<std::size_t> run_to_pause(std::span<const double> running, std::span<const double> waiting, int jobs);

}  // namespace labhost
