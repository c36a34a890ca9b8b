// MultiStepLR: times gamma at each milestone, as often as it is listed.
#include <algorithm>

#include "schedules/makers.hpp"
#include "schedules/python_floats.hpp"

namespace labhost::schedules {

namespace {

class MultiStep : public FactorSchedule {
public:
    explicit MultiStep(const ScheduleSetup& setup)
        : FactorSchedule(setup), milestones_(setup.arguments.integers("milestones")), gamma_(setup.number("gamma")) {}

private:
    double factor() const override {
        return to_the(std::count(milestones_.begin(), milestones_.end(), static_cast<std::int64_t>(last_epoch())));
    }

    double first_factor() const override {
        return to_the(std::count_if(milestones_.begin(), milestones_.end(), [](auto epoch) { return epoch <= 0; }));
    }

    double to_the(std::ptrdiff_t count) const {
        return power(gamma_, static_cast<double>(count), "multi_step, gamma ** milestones");
    }

    std::vector<std::int64_t> milestones_;
    double gamma_;
};

}  // namespace

std::unique_ptr<EpochSchedule> make_multi_step(const ScheduleSetup& setup) { return begun<MultiStep>(setup); }

}  // namespace labhost::schedules
