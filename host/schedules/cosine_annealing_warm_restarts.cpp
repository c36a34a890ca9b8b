// CosineAnnealingWarmRestarts: half a cosine to eta_min in T_0 epochs, then again from the base rate, each time in
// T_mult times as many (Loshchilov and Hutter 2017).
#include <cmath>
#include <numbers>

#include "schedules/makers.hpp"

namespace labhost::schedules {

namespace {

using std::numbers::pi;

class CosineAnnealingWarmRestarts : public EpochSchedule {
public:
    explicit CosineAnnealingWarmRestarts(const ScheduleSetup& setup)
        : EpochSchedule(setup),
          t_0_(setup.integer("T_0")),
          t_mult_(setup.integer("T_mult")),
          eta_min_(setup.number("eta_min")),
          t_i_(t_0_) {
        require(t_0_ > 0.0, "cosine_annealing_warm_restarts", "T_0 must be at least 1");
        require(t_mult_ >= 1.0, "cosine_annealing_warm_restarts", "T_mult must be at least 1");
    }

    ScheduleState state() const override {
        ScheduleState state = EpochSchedule::state();
        state["T_cur"] = {t_cur_};
        state["T_i"] = {t_i_};
        return state;
    }

    void restore(const ScheduleState& state) override {
        EpochSchedule::restore(state);
        t_cur_ = saved(state, "T_cur", 1).front();
        t_i_ = saved(state, "T_i", 1).front();
    }

private:
    void update(std::span<GroupRates> groups) override {
        if (last_epoch() == 0.0) {
            t_cur_ = 0.0;
            t_i_ = t_0_;
        } else if (t_cur_ += 1.0; t_cur_ >= t_i_) {
            t_cur_ -= t_i_;
            t_i_ *= t_mult_;
        }
        for (std::size_t i = 0; i < groups.size(); ++i)
            groups[i].lr = eta_min_ + (base_lr(i) - eta_min_) * (1.0 + std::cos(pi * t_cur_ / t_i_)) / 2.0;
    }

    double t_0_;
    double t_mult_;
    double eta_min_;
    double t_cur_ = 0.0;  ///< epochs since the last restart
    double t_i_;          ///< from that one to the next
};

}  // namespace

std::unique_ptr<EpochSchedule> make_cosine_annealing_warm_restarts(const ScheduleSetup& setup) {
    return begun<CosineAnnealingWarmRestarts>(setup);
}

}  // namespace labhost::schedules
