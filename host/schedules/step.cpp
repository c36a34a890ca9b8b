// StepLR: times gamma every step_size epochs.
#include <cmath>

#include "schedules/makers.hpp"

namespace labhost::schedules {

namespace {

class Step : public FactorSchedule {
public:
    explicit Step(const ScheduleSetup& setup)
        : FactorSchedule(setup), step_size_(setup.integer("step_size")), gamma_(setup.number("gamma")) {
        require(step_size_ != 0.0, "step", "step_size must not be 0");
    }

private:
    double factor() const override {
        return last_epoch() == 0.0 || std::fmod(last_epoch(), step_size_) != 0.0 ? 1.0 : gamma_;
    }

    double step_size_;
    double gamma_;
};

}  // namespace

std::unique_ptr<EpochSchedule> make_step(const ScheduleSetup& setup) { return begun<Step>(setup); }

}  // namespace labhost::schedules
