// The learning rate schedules, to the bit of what torch.optim.lr_scheduler computes (tests/reference/schedules.json).
#include "schedules/schedule.hpp"

#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/error.hpp"
#include "support/files.hpp"

namespace labhost::schedules_test {
namespace {

using nlohmann::json;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// ---- torch's values

Argument argument_of(const json& value) {
    if (value.is_boolean()) return value.get<bool>();
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (value.is_number()) return value.get<double>();
    if (value.is_string()) return value.get<std::string>();
    return value.get<std::vector<std::int64_t>>();
}

ScheduleSettings settings_of(const json& schedule) {
    ScheduleSettings settings{schedule.at("name").get<std::string>(), {}, {}};
    for (const auto& [key, value] : schedule.at("arguments").items()) settings.arguments.set(key, argument_of(value));
    if (schedule.contains("schedules"))
        for (const json& part : schedule["schedules"]) settings.schedules.push_back(settings_of(part));
    return settings;
}

TorchVersion version_of(const std::string& text) {
    const auto dot = text.find('.');
    return {std::stoi(text.substr(0, dot)), std::stoi(text.substr(dot + 1))};
}

struct Reference {
    json file = json::parse(read_file(LABHOST_SOURCE "/tests/reference/schedules.json"));
    std::vector<GroupRates> groups{};
    std::vector<double> metrics{};

    Reference() {
        for (const json& group : file.at("groups")) groups.push_back({group.at("lr"), group.at("momentum")});
        for (const json& metric : file.at("metrics")) metrics.push_back(metric.is_null() ? nan : metric.get<double>());
    }

    ScheduleContext context(const json& one, TorchVersion torch) const {
        return {torch, one.at("optimizer") != "adagrad", file.at("steps")};
    }
};

/// Those of the last version up to this one; where torch 1.13 can nothing of the kind, of the first that can.
const json& values_for(const json& one, TorchVersion torch) {
    std::map<TorchVersion, const json*> known;
    const json& all = one.at("values");
    for (const auto& [version, values] : all.items()) known[version_of(version)] = &values;
    const auto later = known.upper_bound(torch);
    return *(later == known.begin() ? later : std::prev(later))->second;
}

std::string bits(double value) { return fmt::format("{:a} ({})", value, value); }

void expect_the_rates(const std::vector<GroupRates>& groups, const json& values, std::size_t step, double momentum) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
        EXPECT_EQ(bits(groups[i].lr), bits(values.at("lr").at(i).at(step))) << "lr, group " << i << ", step " << step;
        const double expected = values.contains("momentum") ? values["momentum"].at(step).get<double>() : momentum;
        EXPECT_EQ(bits(groups[i].momentum), bits(expected)) << "momentum, group " << i << ", step " << step;
    }
}

/// Makes each case in each version, lets `before_step` do something to schedule and groups, and compares.
template <class BeforeStep>
void expect_torchs_rates(const BeforeStep& before_step) {
    const Reference reference;
    ASSERT_GE(reference.file.at("cases").size(), 60U);
    for (const json& one : reference.file.at("cases"))
        for (const json& version : reference.file.at("versions")) {
            SCOPED_TRACE(one.at("schedule").dump() + " in " + version.dump());
            const TorchVersion torch = version_of(version);
            const json& values = values_for(one, torch);
            const ScheduleSettings settings = settings_of(one.at("schedule"));
            std::vector<GroupRates> groups = reference.groups;
            auto schedule = make_schedule(settings, reference.context(one, torch), groups);
            expect_the_rates(groups, values, 0, reference.groups.front().momentum);
            for (std::size_t step = 0; step < reference.metrics.size(); ++step) {
                before_step(schedule, groups, step, [&](std::vector<GroupRates>& first) {
                    first = reference.groups;
                    return make_schedule(settings, reference.context(one, torch), first);
                });
                schedule->step(groups, reference.metrics[step]);
                expect_the_rates(groups, values, step + 1, reference.groups.front().momentum);
            }
            if (testing::Test::HasFailure()) return;
        }
}

TEST(Schedules, HaveTheBitsOfPythonsTorch) {
    expect_torchs_rates([](auto&, auto&, std::size_t, const auto&) {});
}

TEST(Schedules, GoOnWithTheSameBitsFromTheirState) {
    expect_torchs_rates([](auto& schedule, auto& groups, std::size_t step, const auto& make) {
        if (step % 7 != 3) return;
        const ScheduleState state = schedule->state();
        std::vector<GroupRates> first;
        schedule = make(first);
        ASSERT_EQ(first.size(), groups.size());
        schedule->restore(state);
        EXPECT_EQ(schedule->state(), state);
    });
}

// ---- by hand

ScheduleSettings settings(std::string name, const std::map<std::string, Argument>& arguments,
                          std::vector<ScheduleSettings> schedules = {}) {
    ScheduleSettings settings{std::move(name), {}, std::move(schedules)};
    for (const auto& [key, value] : arguments) settings.arguments.set(key, value);
    return settings;
}

ScheduleSettings constant(double factor, std::int64_t total_iters = 3) {
    return settings("constant", {{"factor", factor}, {"total_iters", total_iters}});
}

ScheduleSettings linear(double start, double end, std::int64_t total_iters = 4) {
    return settings("linear", {{"start_factor", start}, {"end_factor", end}, {"total_iters", total_iters}});
}

ScheduleSettings sequential(std::vector<std::int64_t> milestones, std::vector<ScheduleSettings> schedules) {
    return settings("sequential", {{"milestones", std::move(milestones)}}, std::move(schedules));
}

ScheduleSettings changed(ScheduleSettings settings, const std::string& key, Argument value) {
    settings.arguments.set(key, std::move(value));
    return settings;
}

const ScheduleSettings one_cycle = settings("one_cycle", {{"max_lr", 1.0},
                                                          {"pct_start", 0.5},
                                                          {"anneal_strategy", "linear"},
                                                          {"cycle_momentum", false},
                                                          {"base_momentum", 0.85},
                                                          {"max_momentum", 0.95},
                                                          {"div_factor", 4.0},
                                                          {"final_div_factor", 2.0},
                                                          {"three_phase", false}});
const ScheduleSettings cyclic = settings("cyclic", {{"base_lr", 0.25},
                                                    {"max_lr", 1.25},
                                                    {"step_size_up", std::int64_t{2}},
                                                    {"mode", "triangular"},
                                                    {"gamma", 1.0},
                                                    {"cycle_momentum", true},
                                                    {"base_momentum", 0.5},
                                                    {"max_momentum", 1.0}});
const ScheduleSettings plateau = settings("reduce_on_plateau", {{"mode", "min"},
                                                                {"factor", 0.5},
                                                                {"patience", std::int64_t{1}},
                                                                {"threshold", 0.0},
                                                                {"threshold_mode", "abs"},
                                                                {"cooldown", std::int64_t{0}},
                                                                {"min_lr", 0.3},
                                                                {"eps", 0.0}});

constexpr ScheduleContext context{{2, 6}, true, 8};

struct Made {
    std::vector<GroupRates> groups{{1.0, 0.9}};
    std::unique_ptr<Schedule> schedule;

    explicit Made(const ScheduleSettings& settings, const ScheduleContext& with = context)
        : schedule(make_schedule(settings, with, groups)) {}

    /// lr now, and after each of `steps` steps.
    std::vector<double> lrs(std::size_t steps) {
        std::vector<double> lrs{groups.front().lr};
        for (std::size_t i = 0; i < steps; ++i) {
            schedule->step(groups, 1.0);
            lrs.push_back(groups.front().lr);
        }
        return lrs;
    }
};

using Lrs = std::vector<double>;

TEST(Schedules, WarmUpBeginsWhenItIsMade) {
    EXPECT_EQ(Made(linear(0.5, 1.0)).lrs(5), (Lrs{0.5, 0.625, 0.75, 0.875, 1.0, 1.0}));
    EXPECT_EQ(Made(constant(0.25, 2)).lrs(3), (Lrs{0.25, 0.25, 1.0, 1.0}));
}

TEST(Schedules, MomentumGoesAgainstTheRate) {
    Made made(cyclic);
    EXPECT_EQ(made.groups.front().lr, 0.25);
    EXPECT_EQ(made.groups.front().momentum, 1.0);
    made.lrs(2);
    EXPECT_EQ(made.groups.front().lr, 1.25);
    EXPECT_EQ(made.groups.front().momentum, 0.5);
}

TEST(Schedules, OneCycleTakesTheRunsStepsUnlessItHasItsOwn) {
    EXPECT_EQ(Made(one_cycle).lrs(7), (Lrs{0.25, 0.5, 0.75, 1.0, 0.78125, 0.5625, 0.34375, 0.125}));
    EXPECT_EQ(Made(changed(one_cycle, "total_steps", std::int64_t{4})).lrs(3), (Lrs{0.25, 1.0, 0.5625, 0.125}));
}

TEST(Schedules, ASequenceBeginsEachFromTheRateOfTheOptimizer) {
    EXPECT_EQ(Made(sequential({2, 4}, {linear(0.5, 1.0), constant(0.125, 1), constant(0.25, 9)})).lrs(6),
              (Lrs{0.5, 0.625, 0.125, 1.0, 0.25, 0.25, 0.25}));
}

TEST(Schedules, WhatBeginsAtOnceComesTooLateBefore213) {
    const ScheduleSettings none_before = sequential({0}, {constant(0.5, 9), constant(0.25, 9)});
    EXPECT_EQ(Made(none_before).lrs(2), (Lrs{0.5, 0.125, 0.125}));
    EXPECT_EQ(Made(none_before, {{2, 13}, true, 8}).lrs(2), (Lrs{0.25, 0.25, 0.25}));
}

TEST(Schedules, OnlyAPlateauLooksAtTheMetric) {
    Made made(plateau);
    const auto lr_after = [&made](double metric) {
        made.schedule->step(made.groups, metric);
        return made.groups.front().lr;
    };
    EXPECT_EQ(lr_after(3.0), 1.0);
    EXPECT_EQ(lr_after(nan), 1.0);
    EXPECT_EQ(lr_after(3.0), 0.5);  // no better twice
    EXPECT_EQ(lr_after(2.0), 0.5);
    EXPECT_EQ(lr_after(2.0), 0.5);
    EXPECT_EQ(lr_after(2.5), 0.3);  // at least min_lr
    EXPECT_THROW(made.schedule->step(made.groups, std::nullopt), Error);

    Made other(constant(0.5));
    EXPECT_NO_THROW(other.schedule->step(other.groups, std::nullopt));
}

/// After a first metric of 2: exactly the threshold is not enough.
TEST(Schedules, BetterIsByMoreThanTheThreshold) {
    const auto reduces = [](const char* mode, const char* threshold_mode, double metric) {
        ScheduleSettings settings = changed(changed(plateau, "mode", mode), "threshold_mode", threshold_mode);
        settings = changed(changed(std::move(settings), "threshold", 0.25), "patience", std::int64_t{0});
        Made made(settings);
        made.schedule->step(made.groups, 2.0);
        made.schedule->step(made.groups, metric);
        return made.groups.front().lr < 1.0;
    };
    EXPECT_TRUE(reduces("min", "abs", 1.75));
    EXPECT_FALSE(reduces("min", "abs", 1.74));
    EXPECT_TRUE(reduces("min", "rel", 1.5));
    EXPECT_FALSE(reduces("min", "rel", 1.49));
    EXPECT_TRUE(reduces("max", "abs", 2.25));
    EXPECT_FALSE(reduces("max", "abs", 2.26));
    EXPECT_TRUE(reduces("max", "rel", 2.5));
    EXPECT_FALSE(reduces("max", "rel", 2.51));
}

// ---- state

TEST(Schedules, StateHasTorchsNames) {
    using State = ScheduleState;
    Made made(sequential(
        {1}, {constant(0.5), settings("cosine_annealing_warm_restarts",
                                      {{"T_0", std::int64_t{2}}, {"T_mult", std::int64_t{3}}, {"eta_min", 0.0}})}));
    made.lrs(4);
    EXPECT_EQ(made.schedule->state(), (State{{"last_epoch", {4.0}},
                                             {"0.last_epoch", {0.0}},
                                             {"0.base_lrs", {1.0}},
                                             {"1.last_epoch", {3.0}},
                                             {"1.base_lrs", {1.0}},
                                             {"1.T_cur", {1.0}},
                                             {"1.T_i", {6.0}}}));
    Made other(plateau);
    other.lrs(2);
    EXPECT_EQ(other.schedule->state(),
              (State{{"best", {1.0}}, {"num_bad_epochs", {1.0}}, {"cooldown_counter", {0.0}}}));
}

/// Whatever rates the optimizer has by then.
TEST(Schedules, ARestoredOneKeepsTheRateThatItWasMadeWith) {
    const ScheduleSettings cosine = settings("cosine_annealing", {{"T_max", std::int64_t{1}}, {"eta_min", 0.0}});
    Made made(cosine);
    EXPECT_EQ(made.lrs(1), (Lrs{1.0, 0.0}));
    Made again(cosine);
    again.groups.front().lr = 0.0;
    again.schedule = make_schedule(cosine, context, again.groups);
    again.schedule->restore(made.schedule->state());
    EXPECT_EQ(again.lrs(1), (Lrs{0.0, 1.0}));
}

std::string error_of(const auto& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "none";
}

TEST(Schedules, AStateThatDoesNotFitIsRefused) {
    Made made(sequential({1}, {constant(0.5), constant(0.5)}));
    ScheduleState state = made.schedule->state();
    state["1.base_lrs"].push_back(1.0);
    EXPECT_EQ(error_of([&] { made.schedule->restore(state); }),
              "'1.base_lrs' in the saved state of the schedule has 2 values, not 1");
    state.erase("1.base_lrs");
    EXPECT_EQ(error_of([&] { made.schedule->restore(state); }), "the saved state of the schedule lacks '1.base_lrs'");
}

// ---- what is refused

std::string refusal(const ScheduleSettings& settings, const ScheduleContext& with = context) {
    try {
        Made made(settings, with);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        return error.what();
    }
    return "none";
}

TEST(Schedules, RefuseWhatTorchRefuses) {
    EXPECT_EQ(refusal(constant(1.5)), "schedule constant: factor must be between 0 and 1");
    EXPECT_EQ(refusal(constant(0.0)), "none");
    EXPECT_EQ(refusal(linear(0.0, 1.0)), "schedule linear: start_factor must be above 0, and at most 1");
    EXPECT_EQ(refusal(linear(1.5, 1.0)), "schedule linear: start_factor must be above 0, and at most 1");
    EXPECT_EQ(refusal(linear(0.1, 1.5)), "schedule linear: end_factor must be between 0 and 1");
    const auto restarts = [](std::int64_t t_0, std::int64_t t_mult) {
        return settings("cosine_annealing_warm_restarts", {{"T_0", t_0}, {"T_mult", t_mult}, {"eta_min", 0.0}});
    };
    EXPECT_EQ(refusal(restarts(0, 1)), "schedule cosine_annealing_warm_restarts: T_0 must be at least 1");
    EXPECT_EQ(refusal(restarts(1, 0)), "schedule cosine_annealing_warm_restarts: T_mult must be at least 1");
    EXPECT_EQ(refusal(changed(plateau, "factor", 1.0)), "schedule reduce_on_plateau: factor must be below 1");
    EXPECT_EQ(refusal(changed(plateau, "mode", "least")),
              "schedule reduce_on_plateau: mode must be \"min\" or \"max\"");
    EXPECT_EQ(refusal(changed(plateau, "threshold_mode", "relative")),
              "schedule reduce_on_plateau: threshold_mode must be \"rel\" or \"abs\"");
    EXPECT_EQ(refusal(changed(one_cycle, "total_steps", std::int64_t{0})),
              "schedule one_cycle: total_steps must be at least 1");
    EXPECT_EQ(refusal(changed(one_cycle, "pct_start", 1.1)), "schedule one_cycle: pct_start must be between 0 and 1");
    EXPECT_EQ(refusal(changed(one_cycle, "anneal_strategy", "cosine")),
              "schedule one_cycle: anneal_strategy must be \"cos\" or \"linear\"");
    EXPECT_EQ(refusal(changed(cyclic, "mode", "square")),
              "schedule cyclic: mode must be \"triangular\", \"triangular2\" or \"exp_range\"");
    EXPECT_EQ(refusal(settings("cosine", {})), "there is no schedule 'cosine'");
}

TEST(Schedules, RefuseWhatTorchWouldDivideByZeroWith) {
    EXPECT_EQ(refusal(settings("step", {{"step_size", std::int64_t{0}}, {"gamma", 0.1}})),
              "schedule step: step_size must not be 0");
    EXPECT_EQ(refusal(settings("cosine_annealing", {{"T_max", std::int64_t{0}}, {"eta_min", 0.0}})),
              "schedule cosine_annealing: T_max must not be 0");
    EXPECT_EQ(refusal(changed(cyclic, "step_size_up", std::int64_t{0})),
              "schedule cyclic: step_size_up must be at least 1");
    EXPECT_EQ(refusal(changed(one_cycle, "div_factor", 0.0)),
              "schedule one_cycle: div_factor and final_div_factor must not be 0");
    EXPECT_EQ(refusal(changed(one_cycle, "total_steps", std::int64_t{2})),
              "schedule one_cycle: pct_start * total_steps must not be 1: the first phase would have no steps");
}

TEST(Schedules, CycleMomentumOnlyWhereThereIsOne) {
    constexpr ScheduleContext without{{2, 6}, false, 8};
    EXPECT_EQ(refusal(cyclic, without), "schedule cyclic: cycle_momentum needs an optimizer with momentum or betas");
    EXPECT_EQ(refusal(changed(one_cycle, "cycle_momentum", true), without),
              "schedule one_cycle: cycle_momentum needs an optimizer with momentum or betas");
    EXPECT_EQ(refusal(changed(cyclic, "cycle_momentum", false), without), "none");
}

TEST(Schedules, ASequenceIsOfSchedulesThatCountEpochs) {
    EXPECT_EQ(refusal(sequential({}, {})), "schedule sequential: it has no schedules");
    EXPECT_EQ(refusal(sequential({1}, {constant(0.5)})),
              "schedule sequential: milestones must be one fewer than schedules");
    EXPECT_EQ(refusal(sequential({2, 1}, {constant(0.5), constant(0.5), constant(0.5)})),
              "schedule sequential: milestones must not decrease");
    EXPECT_EQ(refusal(sequential({}, {plateau})),
              "schedule sequential: reduce_on_plateau cannot be part of a sequence");
    EXPECT_EQ(refusal(sequential({}, {sequential({}, {constant(0.5)})})),
              "schedule sequential: a sequence cannot be part of a sequence");
}

/// Where Python raises ZeroDivisionError, OverflowError or ValueError in the midst of a training.
TEST(Schedules, AStepThatTorchCannotTakeIsAnError) {
    EXPECT_EQ(error_of([] { Made(constant(0.0, 2)).lrs(2); }), "schedule constant, 1 / factor: 1 / 0, as in torch");
    EXPECT_EQ(error_of([] { Made(constant(0.0, 2)).lrs(1); }), "none");
    EXPECT_EQ(error_of([] { Made(one_cycle).lrs(8); }), "none");
    EXPECT_EQ(error_of([] { Made(one_cycle).lrs(9); }), "schedule one_cycle: step 9 of total_steps = 8");
    EXPECT_EQ(error_of([] { Made(changed(one_cycle, "pct_start", 1.0)).lrs(8); }),
              "schedule one_cycle, a phase without steps: 1 / 0, as in torch");
    const ScheduleSettings doubling =
        changed(changed(changed(cyclic, "mode", "exp_range"), "gamma", 1e200), "cycle_momentum", false);
    EXPECT_EQ(error_of([&] { Made(doubling).lrs(2); }),
              "schedule cyclic, gamma ** steps: 1e+200 ** 2 is no number, as in torch");
    EXPECT_EQ(error_of([] {
                  Made(sequential({1}, {constant(0.5), linear(0.5, 1.0, 0)})).lrs(1);
              }),
              "schedule linear, by total_iters: 0 / 0, as in torch");
}

}  // namespace
}  // namespace labhost::schedules_test
