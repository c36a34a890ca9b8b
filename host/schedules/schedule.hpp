// Learning rate schedules: torch.optim.lr_scheduler's, with the bits of Python's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "config/schedules.hpp"

namespace labhost {

/// What a schedule changes of a parameter group.
struct GroupRates {
    double lr = 0.0;
    double momentum = 0.0;  ///< the optimizer's momentum, or the first of its betas
};

struct TorchVersion {
    int major = 0;
    int minor = 0;

    friend bool operator<(const TorchVersion& a, const TorchVersion& b) {
        return std::tie(a.major, a.minor) < std::tie(b.major, b.minor);
    }
};

/// What a schedule must know of the run.
struct ScheduleContext {
    TorchVersion torch{};
    bool has_momentum = false;     ///< the optimizer has momentum or betas, whatever their value
    std::int64_t total_steps = 0;  ///< the default of one_cycle's total_steps
};

using ScheduleState = std::map<std::string, std::vector<double>>;

/// A schedule reads and changes the rates of groups that the optimizer keeps: what it computes next depends on them as
/// much as on its own state, so a checkpoint holds both.
class Schedule {
public:
    virtual ~Schedule() = default;

    /// What scheduler.step() does after an epoch or a step. `groups` are those of make_schedule, in their order.
    /// `metric` is what reduce_on_plateau follows; it must be given there, and no other looks at it.
    /// Throws Error (run failed) where torch raises: one_cycle beyond its total, a division by zero, an overflow.
    virtual void step(std::span<GroupRates> groups, std::optional<double> metric) = 0;

    /// What the next steps depend on besides the groups, under torch's names (in sequential: after the schedule's
    /// number and a dot). Two schedules of the same settings have the same names, with as many values each.
    virtual ScheduleState state() const = 0;

    /// Becomes what was saved. Throws Error (usage) if a name is missing or has another number of values.
    virtual void restore(const ScheduleState& state) = 0;

protected:
    Schedule() = default;
    Schedule(const Schedule&) = default;
    Schedule& operator=(const Schedule&) = default;
    Schedule(Schedule&&) = default;
    Schedule& operator=(Schedule&&) = default;
};

/// The schedule of this name. As torch's constructors do, it sets what the groups begin with: `groups` hold what the
/// optimizer was made with. To go on from a state, make it with those, restore it, and then give the groups the rates
/// that they had.
///
/// Each computes what torch's `get_lr` does, operation by operation in double precision (where a sequence begins one
/// that is not its first, what `_get_closed_form_lr` does), in the version of `context`. Two rules of 2.x are older
/// versions', too: cyclic may cycle betas, and linear's start_factor is not 0. Sequences within sequences are refused:
/// in torch they only work in first place, and there begin with their second step.
///
/// Throws Error (usage) for an unknown name, and for arguments that torch refuses or would divide by zero with.
std::unique_ptr<Schedule> make_schedule(const ScheduleSettings& settings, const ScheduleContext& context,
                                        std::span<GroupRates> groups);

}  // namespace labhost
