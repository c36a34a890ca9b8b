// What is common to schedules that count epochs (or steps), as torch's class LRScheduler is: all but reduce_on_plateau
// and sequential.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schedules/schedule.hpp"

namespace labhost::schedules {

/// What torch's schedules leave in the optimizer's groups beside the rates. Those of a sequence share it: each is made
/// after the one before, and may find or replace what that left.
struct GroupBounds {
    std::optional<double> initial_lr{};  ///< of the first that was made, or the last one_cycle's
    double max_lr = 0.0;
    double min_lr = 0.0;
    double base_momentum = 0.0;
    double max_momentum = 0.0;
};

/// What a schedule is made from.
struct ScheduleSetup {
    const Arguments& arguments;
    const ScheduleContext& context;
    std::span<GroupRates> groups;
    std::shared_ptr<std::vector<GroupBounds>> bounds;  ///< as many as groups

    /// An integer as the formulas take it.
    double integer(std::string_view key) const { return static_cast<double>(arguments.integer(key)); }
    double number(std::string_view key) const { return arguments.number(key); }
};

class EpochSchedule : public Schedule {
public:
    void step(std::span<GroupRates> groups, std::optional<double> metric) final;
    ScheduleState state() const override;
    void restore(const ScheduleState& state) override;

    /// The step that torch's constructors take: it sets what the groups begin with.
    void initial_step(std::span<GroupRates> groups);
    /// Takes the initial step's count back, as sequential does with all that it is made of.
    void undo() { last_epoch_ -= 1.0; }
    /// Epoch 0, where a sequence comes to this one.
    void begin(std::span<GroupRates> groups);

protected:
    explicit EpochSchedule(const ScheduleSetup& setup);

    /// `get_lr`: what the groups have in epoch `last_epoch()`.
    virtual void update(std::span<GroupRates> groups) = 0;
    /// `_get_closed_form_lr`, of epoch 0. Torch has none for those that keep this one.
    virtual void update_in_closed_form(std::span<GroupRates> groups) { update(groups); }

    double last_epoch() const { return last_epoch_; }  ///< a whole number; -1 before the initial step
    double base_lr(std::size_t group) const { return base_lrs_[group]; }
    /// Whether lr is to stay what it is made with.
    bool at_start() const;

private:
    TorchVersion torch_;
    double last_epoch_ = -1.0;
    std::vector<double> base_lrs_{};
    bool is_initial_ = false;
};

/// Whose lr is the one before, times a factor that is the same for all groups.
class FactorSchedule : public EpochSchedule {
protected:
    using EpochSchedule::EpochSchedule;

    /// lr(last_epoch) / lr(last_epoch - 1)
    virtual double factor() const = 0;
    /// lr(0) / base_lr, of the closed form.
    virtual double first_factor() const { return 1.0; }

private:
    void update(std::span<GroupRates> groups) final;
    void update_in_closed_form(std::span<GroupRates> groups) final;
};

/// One that has taken its initial step.
template <class Kind>
std::unique_ptr<EpochSchedule> begun(const ScheduleSetup& setup) {
    auto schedule = std::make_unique<Kind>(setup);
    schedule->initial_step(setup.groups);
    return schedule;
}

/// The values of a saved state under this name, `count` many; throws Error (usage) if it has not.
const std::vector<double>& saved(const ScheduleState& state, const std::string& name, std::size_t count);

/// Throws Error (usage) "schedule NAME: WHAT" unless `holds`.
void require(bool holds, const char* name, const char* what);

}  // namespace labhost::schedules
