// PolynomialLR: to zero in total_iters, by a power of what is left of them.
#include <algorithm>

#include "schedules/makers.hpp"
#include "schedules/python_floats.hpp"

namespace labhost::schedules {

namespace {

class Polynomial : public FactorSchedule {
public:
    explicit Polynomial(const ScheduleSetup& setup)
        : FactorSchedule(setup), total_iters_(setup.integer("total_iters")), power_(setup.number("power")) {}

private:
    double factor() const override {
        if (at_start() || last_epoch() > total_iters_) return 1.0;
        return to_the_power(quotient(left(last_epoch()), left(last_epoch() - 1.0), "polynomial, what was left"));
    }

    double first_factor() const override { return to_the_power(left(std::min(total_iters_, 0.0))); }

    double left(double epoch) const { return 1.0 - quotient(epoch, total_iters_, "polynomial, by total_iters"); }
    double to_the_power(double base) const { return power(base, power_, "polynomial, to the power"); }

    double total_iters_;
    double power_;
};

}  // namespace

std::unique_ptr<EpochSchedule> make_polynomial(const ScheduleSetup& setup) { return begun<Polynomial>(setup); }

}  // namespace labhost::schedules
