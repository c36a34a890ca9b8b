#include "config/schedules.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/metric.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

using Kind = ArgumentType::Kind;

constexpr double most = 1e9;

ArgumentDescription required(ArgumentDescription argument) {
    argument.default_value.reset();
    argument.required = true;
    return argument;
}

ArgumentDescription optional(ArgumentDescription argument) {
    argument.default_value.reset();
    return argument;
}

ArgumentDescription count(const char* name, std::int64_t default_value, double minimum = 1.0) {
    return {.name = name,
            .type = {.kind = Kind::integer, .minimum = minimum, .maximum = most},
            .default_value = default_value};
}

/// A learning rate, and what is like one.
ArgumentDescription rate(const char* name, double default_value) {
    return {
        .name = name, .type = {.kind = Kind::number, .minimum = 0.0, .float32 = true}, .default_value = default_value};
}

ArgumentDescription number(const char* name, double default_value, double minimum = 0.0) {
    return {.name = name, .type = {.kind = Kind::number, .minimum = minimum}, .default_value = default_value};
}

ArgumentDescription share(const char* name, double default_value) {
    return {
        .name = name, .type = {.kind = Kind::number, .minimum = 0.0, .maximum = 1.0}, .default_value = default_value};
}

ArgumentDescription share_above_zero(const char* name, double default_value) {
    ArgumentDescription argument = share(name, default_value);
    argument.type.above_minimum = true;
    return argument;
}

ArgumentDescription share_below_one(const char* name, double default_value) {
    ArgumentDescription argument = share(name, default_value);
    argument.type.below_maximum = true;
    return argument;
}

ArgumentDescription above_zero(const char* name, double default_value) {
    ArgumentDescription argument = number(name, default_value);
    argument.type.above_minimum = true;
    return argument;
}

ArgumentDescription flag(const char* name, bool default_value) {
    return {.name = name, .type = {.kind = Kind::flag}, .default_value = default_value};
}

/// One of these; the first unless it is written.
ArgumentDescription word(const char* name, std::vector<std::string> words) {
    Argument first = words.front();
    return {.name = name, .type = {.kind = Kind::word, .words = std::move(words)}, .default_value = std::move(first)};
}

ArgumentDescription milestones() {
    return {.name = "milestones", .type = {.kind = Kind::integers, .minimum = 0.0, .maximum = most}, .required = true};
}

std::string why_not_one_cycle(const Arguments& of) {
    return of.number("base_momentum") > of.number("max_momentum") ? "base_momentum is above max_momentum" : "";
}

std::string why_not_cyclic(const Arguments& of) {
    return of.number("base_momentum") > of.number("max_momentum") ? "base_momentum is above max_momentum" : "";
}

std::string why_not_sequential(const Arguments& of) {
    const auto& milestones = of.integers("milestones");
    return std::ranges::is_sorted(milestones) ? "" : "its milestones must not decrease";
}

std::vector<Algorithm> all_schedules() {
    const ArgumentDescription gamma = number("gamma", 0.1);
    return {
        {"constant", "ConstantLR", {share("factor", 1.0 / 3.0), count("total_iters", 5, 0.0)}},
        {"linear",
         "LinearLR",
         {share_above_zero("start_factor", 1.0 / 3.0), share("end_factor", 1.0), count("total_iters", 5)}},
        {"step", "StepLR", {required(count("step_size", 1)), gamma}},
        {"multi_step", "MultiStepLR", {milestones(), gamma}},
        {"exponential", "ExponentialLR", {required(gamma)}},
        {"cosine_annealing", "CosineAnnealingLR", {required(count("T_max", 1)), rate("eta_min", 0.0)}},
        {"cosine_annealing_warm_restarts",
         "CosineAnnealingWarmRestarts",
         {required(count("T_0", 1)), count("T_mult", 1), rate("eta_min", 0.0)}},
        {"polynomial", "PolynomialLR", {count("total_iters", 5), number("power", 1.0)}},
        {"one_cycle",
         "OneCycleLR",
         {required(rate("max_lr", 0.0)), optional(count("total_steps", 1)), share_below_one("pct_start", 0.3),
          word("anneal_strategy", {"cos", "linear"}), flag("cycle_momentum", true), share("base_momentum", 0.85),
          share("max_momentum", 0.95), above_zero("div_factor", 25.0), above_zero("final_div_factor", 1e4),
          flag("three_phase", false)},
         why_not_one_cycle},
        {"cyclic",
         "CyclicLR",
         {required(rate("base_lr", 0.0)), required(rate("max_lr", 0.0)), count("step_size_up", 2000),
          optional(count("step_size_down", 1)), word("mode", {"triangular", "triangular2", "exp_range"}),
          number("gamma", 1.0), flag("cycle_momentum", true), share("base_momentum", 0.8), share("max_momentum", 0.9)},
         why_not_cyclic},
        {"reduce_on_plateau",
         "ReduceLROnPlateau",
         {share_below_one("factor", 0.1), count("patience", 10, 0.0), number("threshold", 1e-4),
          word("threshold_mode", {"rel", "abs"}), count("cooldown", 0, 0.0), rate("min_lr", 0.0), number("eps", 1e-8)}},
        {"sequential", "SequentialLR", {milestones()}, why_not_sequential},
    };
}

/// Those of a sequential: each with a name.
std::vector<ScheduleSettings> read_inner(StrictTable& table) {
    std::vector<ScheduleSettings> inner;
    for (StrictTable each : table.tables("schedules")) {
        for (const char* outer_only : {"every", "metric"})
            if (each.node(outer_only) != nullptr)
                each.fail(outer_only, "stands at the top of trainer.schedule only, not within a sequential");
        std::optional<ScheduleSettings> settings;
        const Location where = each.where();
        read_schedule(std::move(each), settings);
        if (settings->name == "reduce_on_plateau" || settings->name == "sequential")
            fail_at(where, fmt::format("trainer.schedule: {} cannot be a part of sequential", settings->name));
        inner.push_back(*std::move(settings));
    }
    return inner;
}

bool has_momentum(const Algorithm& optimizer) {
    return optimizer.argument("momentum") != nullptr || optimizer.argument("betas") != nullptr;
}

void check_one(const ScheduleSettings& settings, const Algorithm& optimizer) {
    const Algorithm& algorithm = settings.algorithm();
    const auto fail = [&](const std::string& why) {
        fail_at(settings.where, fmt::format("trainer.schedule: {} {}", settings.name, why));
    };
    if (const std::string missing = missing_argument(algorithm, settings.arguments); !missing.empty())
        fail(fmt::format("needs {}", missing));
    const Arguments complete = completed(algorithm, settings.arguments);
    if (algorithm.why_not != nullptr)
        if (const std::string why = algorithm.why_not(complete); !why.empty()) fail("cannot be: " + why);
    if (complete.has("cycle_momentum") && complete.flag("cycle_momentum") && !has_momentum(optimizer))
        fail(fmt::format("cycles a momentum, and {} has none: write cycle_momentum = false", optimizer.name));
}

}  // namespace

const Family& schedule_family() {
    static const Family family{.what = "schedule", .all = all_schedules()};
    return family;
}

Every ScheduleSettings::steps() const {
    return every.value_or(name == "one_cycle" || name == "cyclic" ? Every::step : Every::epoch);
}

ScheduleSettings ScheduleSettings::completed() const {
    ScheduleSettings complete = *this;
    complete.arguments = labhost::completed(algorithm(), arguments);
    // Torch's mode, which goes with the metric; a loss where none is written.
    if (follows_a_metric()) complete.arguments.set("mode", less_is_better(metric.value_or("loss")) ? "min" : "max");
    for (ScheduleSettings& inner : complete.schedules) inner = inner.completed();
    return complete;
}

void read_schedule(StrictTable table, std::optional<ScheduleSettings>& settings) {
    const auto name = table.one_of("name", schedule_family().names());
    if (!name && !settings)
        fail_at(table.where(),
                fmt::format("trainer.schedule needs a name, one of {}", join(schedule_family().names())));
    if (name && (!settings || settings->name != *name)) {
        settings.emplace();
        settings->name = *name;
    }
    settings->where = table.where();
    read_arguments(table, schedule_family(), settings->algorithm(), settings->arguments);
    if (const auto every = table.one_of<Every>("every")) settings->every = every;
    if (settings->name == "reduce_on_plateau") {
        if (auto metric = table.string("metric")) {
            check_epoch_metric(table, "metric", *metric);
            settings->metric = std::move(metric);
        }
    }
    if (settings->name == "sequential" && table.node("schedules") != nullptr) settings->schedules = read_inner(table);
    table.finish();
}

void check_schedule(const ScheduleSettings& settings, const Algorithm& optimizer) {
    check_one(settings, optimizer);
    if (settings.follows_a_metric() && settings.steps() == Every::step)
        fail_at(settings.where, "trainer.schedule: reduce_on_plateau follows a metric of an epoch, not steps");
    if (settings.name != "sequential") return;
    for (const ScheduleSettings& inner : settings.schedules) {
        check_one(inner, optimizer);
        if (inner.depends_on_the_total())
            fail_at(inner.where, "trainer.schedule: one_cycle needs total_steps within a sequential");
    }
    const std::size_t milestones = settings.arguments.integers("milestones").size();
    if (settings.schedules.size() < 2 || settings.schedules.size() != milestones + 1)
        fail_at(settings.where,
                fmt::format("trainer.schedule: sequential needs two schedules or more, and one milestone less; it has "
                            "{} and {}",
                            settings.schedules.size(), milestones));
}

Json json_of(const ScheduleSettings& settings) {
    Json json{{"name", settings.name}};
    record_arguments(settings.algorithm(), completed(settings.algorithm(), settings.arguments), json);
    for (const ScheduleSettings& inner : settings.schedules) json["schedules"].push_back(json_of(inner));
    ScheduleSettings without = settings;
    without.every.reset();
    if (settings.steps() != without.steps()) json["every"] = to_text(settings.steps());
    if (settings.metric) json["metric"] = *settings.metric;
    return json;
}

}  // namespace labhost
