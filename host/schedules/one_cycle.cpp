// OneCycleLR: up to max_lr and down far below where it began, momentum the other way (Smith and Topin 2019).
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "schedules/makers.hpp"
#include "schedules/python_floats.hpp"
#include "support/error.hpp"

namespace labhost::schedules {

namespace {

/// From one bound to another.
struct Phase {
    double end_step;
    double (*start_lr)(const GroupBounds&);
    double (*end_lr)(const GroupBounds&);
    double (*start_momentum)(const GroupBounds&);
    double (*end_momentum)(const GroupBounds&);
};

double initial_lr(const GroupBounds& group) { return *group.initial_lr; }
double max_lr(const GroupBounds& group) { return group.max_lr; }
double min_lr(const GroupBounds& group) { return group.min_lr; }
double base_momentum(const GroupBounds& group) { return group.base_momentum; }
double max_momentum(const GroupBounds& group) { return group.max_momentum; }

class OneCycle : public EpochSchedule {
public:
    explicit OneCycle(const ScheduleSetup& setup)
        : EpochSchedule(setup),
          total_steps_(setup.arguments.has("total_steps") ? setup.integer("total_steps")
                                                          : static_cast<double>(setup.context.total_steps)),
          cosine_(setup.arguments.text("anneal_strategy") == "cos"),
          cycle_momentum_(setup.arguments.flag("cycle_momentum")),
          bounds_(setup.bounds) {
        const double pct_start = setup.number("pct_start");
        const double div_factor = setup.number("div_factor");
        const double final_div_factor = setup.number("final_div_factor");
        require(total_steps_ > 0.0, "one_cycle", "total_steps must be at least 1");
        require(pct_start >= 0.0 && pct_start <= 1.0, "one_cycle", "pct_start must be between 0 and 1");
        require(cosine_ || setup.arguments.text("anneal_strategy") == "linear", "one_cycle",
                "anneal_strategy must be \"cos\" or \"linear\"");
        require(!cycle_momentum_ || setup.context.has_momentum, "one_cycle",
                "cycle_momentum needs an optimizer with momentum or betas");
        require(div_factor != 0.0 && final_div_factor != 0.0, "one_cycle",
                "div_factor and final_div_factor must not be 0");
        require(pct_start * total_steps_ != 1.0, "one_cycle",
                "pct_start * total_steps must not be 1: the first phase would have no steps");

        phases_.push_back({pct_start * total_steps_ - 1.0, initial_lr, max_lr, max_momentum, base_momentum});
        if (setup.arguments.flag("three_phase")) {
            const double back = 2.0 * pct_start * total_steps_ - 2.0;
            phases_.push_back({back, max_lr, initial_lr, base_momentum, max_momentum});
            phases_.push_back({total_steps_ - 1.0, initial_lr, min_lr, max_momentum, max_momentum});
        } else {
            phases_.push_back({total_steps_ - 1.0, max_lr, min_lr, base_momentum, max_momentum});
        }

        for (GroupBounds& group : *bounds_) {
            group.max_lr = setup.number("max_lr");
            group.initial_lr = group.max_lr / div_factor;
            group.min_lr = *group.initial_lr / final_div_factor;
            if (!cycle_momentum_) continue;
            group.base_momentum = setup.number("base_momentum");
            group.max_momentum = setup.number("max_momentum");
        }
    }

private:
    void update(std::span<GroupRates> groups) override {
        if (last_epoch() > total_steps_)
            throw Error(ExitCode::run_failed,
                        fmt::format("schedule one_cycle: step {} of total_steps = {}", last_epoch(), total_steps_));
        double start_step = 0.0;
        std::size_t now = 0;
        for (; now + 1 < phases_.size() && last_epoch() > phases_[now].end_step; ++now)
            start_step = phases_[now].end_step;
        const Phase& phase = phases_[now];
        const double passed =
            quotient(last_epoch() - start_step, phase.end_step - start_step, "one_cycle, a phase without steps");
        for (std::size_t i = 0; i < groups.size(); ++i) {
            const GroupBounds& bounds = (*bounds_)[i];
            groups[i].lr = annealed(phase.start_lr(bounds), phase.end_lr(bounds), passed);
            if (cycle_momentum_)
                groups[i].momentum = annealed(phase.start_momentum(bounds), phase.end_momentum(bounds), passed);
        }
    }

    double annealed(double start, double end, double passed) const {
        if (!cosine_) return (end - start) * passed + start;
        return end + (start - end) / 2.0 * (std::cos(std::numbers::pi * passed) + 1.0);
    }

    double total_steps_;
    bool cosine_;
    bool cycle_momentum_;
    std::shared_ptr<std::vector<GroupBounds>> bounds_;
    std::vector<Phase> phases_{};
};

}  // namespace

std::unique_ptr<EpochSchedule> make_one_cycle(const ScheduleSetup& setup) { return begun<OneCycle>(setup); }

}  // namespace labhost::schedules
