// CosineAnnealingLR: half a cosine from the base rate to eta_min in T_max epochs, and back in as many (Loshchilov and
// Hutter 2017, without restarts), in torch's recursive form.
#include <cmath>
#include <numbers>

#include "schedules/makers.hpp"
#include "schedules/python_floats.hpp"

namespace labhost::schedules {

namespace {

using std::numbers::pi;

class CosineAnnealing : public EpochSchedule {
public:
    explicit CosineAnnealing(const ScheduleSetup& setup)
        : EpochSchedule(setup), t_max_(setup.integer("T_max")), eta_min_(setup.number("eta_min")) {
        require(t_max_ != 0.0, "cosine_annealing", "T_max must not be 0");
    }

private:
    void update(std::span<GroupRates> groups) override {
        if (at_start()) return;
        // At the bottom, where the recursion would divide by zero.
        const bool turns = std::fmod(last_epoch() - 1.0 - t_max_, 2.0 * t_max_) == 0.0;
        for (std::size_t i = 0; i < groups.size(); ++i) {
            double& lr = groups[i].lr;
            if (turns)
                lr = lr + (base_lr(i) - eta_min_) * (1.0 - std::cos(pi / t_max_)) / 2.0;
            else
                lr = quotient(height(last_epoch()), height(last_epoch() - 1.0), "cosine_annealing, the height before") *
                         (lr - eta_min_) +
                     eta_min_;
        }
    }

    void update_in_closed_form(std::span<GroupRates> groups) override {
        for (std::size_t i = 0; i < groups.size(); ++i)
            groups[i].lr = eta_min_ + (base_lr(i) - eta_min_) * height(0.0) / 2.0;
    }

    /// Above eta_min, from 2 to 0.
    double height(double epoch) const { return 1.0 + std::cos(pi * epoch / t_max_); }

    double t_max_;
    double eta_min_;
};

}  // namespace

std::unique_ptr<EpochSchedule> make_cosine_annealing(const ScheduleSetup& setup) {
    return begun<CosineAnnealing>(setup);
}

}  // namespace labhost::schedules
