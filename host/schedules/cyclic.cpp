// CyclicLR: up from base_lr to max_lr and down again, momentum the other way (Smith 2017).
#include <cmath>

#include "schedules/makers.hpp"
#include "schedules/python_floats.hpp"

namespace labhost::schedules {

namespace {

class Cyclic : public EpochSchedule {
public:
    explicit Cyclic(const ScheduleSetup& setup)
        : EpochSchedule(setup),
          base_lr_(setup.number("base_lr")),
          max_lr_(setup.number("max_lr")),
          mode_(setup.arguments.text("mode")),
          gamma_(setup.number("gamma")),
          cycle_momentum_(setup.arguments.flag("cycle_momentum")),
          base_momentum_(setup.number("base_momentum")),
          max_momentum_(setup.number("max_momentum")) {
        const double up = setup.integer("step_size_up");
        const double down = setup.arguments.has("step_size_down") ? setup.integer("step_size_down") : up;
        require(up > 0.0, "cyclic", "step_size_up must be at least 1");
        require(down >= 0.0, "cyclic", "step_size_down must not be negative");
        require(mode_ == "triangular" || mode_ == "triangular2" || mode_ == "exp_range", "cyclic",
                "mode must be \"triangular\", \"triangular2\" or \"exp_range\"");
        require(!cycle_momentum_ || setup.context.has_momentum, "cyclic",
                "cycle_momentum needs an optimizer with momentum or betas");
        total_size_ = up + down;
        step_ratio_ = up / total_size_;
        // Since pytorch/pytorch#113548 it leaves them to a one_cycle that was made before it.
        if (!cycle_momentum_ || setup.context.torch < TorchVersion{2, 3}) return;
        for (GroupBounds& group : *setup.bounds) {
            group.base_momentum = base_momentum_;
            group.max_momentum = max_momentum_;
        }
    }

private:
    void update(std::span<GroupRates> groups) override {
        const double cycle = std::floor(1.0 + last_epoch() / total_size_);
        const double x = 1.0 + last_epoch() / total_size_ - cycle;
        const double height = x <= step_ratio_ ? x / step_ratio_ : (x - 1.0) / (step_ratio_ - 1.0);
        const double scale = scale_of(cycle);
        for (GroupRates& group : groups) {
            group.lr = base_lr_ + (max_lr_ - base_lr_) * height * scale;
            if (cycle_momentum_) group.momentum = max_momentum_ - (max_momentum_ - base_momentum_) * height * scale;
        }
    }

    double scale_of(double cycle) const {
        if (mode_ == "triangular2") return 1.0 / power(2.0, cycle - 1.0, "cyclic, 2 ** cycles");
        if (mode_ == "exp_range") return power(gamma_, last_epoch(), "cyclic, gamma ** steps");
        return 1.0;
    }

    double base_lr_;
    double max_lr_;
    std::string mode_;
    double gamma_;
    bool cycle_momentum_;
    double base_momentum_;
    double max_momentum_;
    double total_size_ = 0.0;  ///< steps of a cycle
    double step_ratio_ = 0.0;  ///< those that go up
};

}  // namespace

std::unique_ptr<EpochSchedule> make_cyclic(const ScheduleSetup& setup) {
    // Before anything is made: in first place of a sequence, it is what all others begin from.
    for (GroupRates& group : setup.groups) group.lr = setup.number("base_lr");
    return begun<Cyclic>(setup);
}

}  // namespace labhost::schedules
