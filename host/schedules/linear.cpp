// LinearLR: a factor that goes from start_factor to end_factor in total_iters.
#include <algorithm>

#include "schedules/makers.hpp"
#include "schedules/python_floats.hpp"

namespace labhost::schedules {

namespace {

class Linear : public FactorSchedule {
public:
    explicit Linear(const ScheduleSetup& setup)
        : FactorSchedule(setup),
          start_(setup.number("start_factor")),
          end_(setup.number("end_factor")),
          total_iters_(setup.integer("total_iters")) {
        // Torch before 2.0 takes 0, and divides by it in the first step.
        require(start_ > 0.0 && start_ <= 1.0, "linear", "start_factor must be above 0, and at most 1");
        require(end_ >= 0.0 && end_ <= 1.0, "linear", "end_factor must be between 0 and 1");
    }

private:
    double factor() const override {
        if (last_epoch() == 0.0) return start_;
        if (last_epoch() > total_iters_) return 1.0;
        const double before = total_iters_ * start_ + (last_epoch() - 1.0) * (end_ - start_);
        return 1.0 + quotient(end_ - start_, before, "linear, the factor before");
    }

    double first_factor() const override {
        return start_ + quotient((end_ - start_) * std::min(total_iters_, 0.0), total_iters_, "linear, by total_iters");
    }

    double start_;
    double end_;
    double total_iters_;
};

}  // namespace

std::unique_ptr<EpochSchedule> make_linear(const ScheduleSetup& setup) { return begun<Linear>(setup); }

}  // namespace labhost::schedules
