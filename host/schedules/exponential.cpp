// ExponentialLR: times gamma every epoch.
#include "schedules/makers.hpp"

namespace labhost::schedules {

namespace {

class Exponential : public FactorSchedule {
public:
    explicit Exponential(const ScheduleSetup& setup) : FactorSchedule(setup), gamma_(setup.number("gamma")) {}

private:
    double factor() const override { return at_start() ? 1.0 : gamma_; }

    double gamma_;
};

}  // namespace

std::unique_ptr<EpochSchedule> make_exponential(const ScheduleSetup& setup) { return begun<Exponential>(setup); }

}  // namespace labhost::schedules
