// ConstantLR: the base rate times a factor, until total_iters.
#include "schedules/makers.hpp"
#include "schedules/python_floats.hpp"

namespace labhost::schedules {

namespace {

class Constant : public FactorSchedule {
public:
    explicit Constant(const ScheduleSetup& setup)
        : FactorSchedule(setup), factor_(setup.number("factor")), total_iters_(setup.integer("total_iters")) {
        require(factor_ >= 0.0 && factor_ <= 1.0, "constant", "factor must be between 0 and 1");
    }

private:
    double factor() const override {
        if (last_epoch() == 0.0) return factor_;
        return last_epoch() == total_iters_ ? quotient(1.0, factor_, "constant, 1 / factor") : 1.0;
    }

    double first_factor() const override { return factor_ + (total_iters_ <= 0.0 ? 1.0 : 0.0) * (1.0 - factor_); }

    double factor_;
    double total_iters_;
};

}  // namespace

std::unique_ptr<EpochSchedule> make_constant(const ScheduleSetup& setup) { return begun<Constant>(setup); }

}  // namespace labhost::schedules
