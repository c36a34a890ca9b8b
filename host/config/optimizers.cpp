#include "config/optimizers.hpp"

#include <utility>

#include <fmt/format.h>

#include "support/text.hpp"

namespace labhost {

namespace {

using Kind = ArgumentType::Kind;

/// From 0, in a float32.
ArgumentDescription positive(const char* name, std::optional<double> default_value) {
    ArgumentDescription argument{.name = name, .type = {.kind = Kind::number, .minimum = 0.0, .float32 = true}};
    if (default_value)
        argument.default_value = *default_value;
    else
        argument.required = true;
    return argument;
}

/// Any number that is one in float32.
ArgumentDescription real(const char* name, double default_value) {
    return {.name = name, .type = {.kind = Kind::number, .float32 = true}, .default_value = default_value};
}

ArgumentDescription lr(std::optional<double> default_value) {
    ArgumentDescription argument = positive("lr", default_value);
    argument.always_recorded = true;
    return argument;
}

ArgumentDescription flag(const char* name) {
    return {.name = name, .type = {.kind = Kind::flag}, .default_value = false};
}

ArgumentDescription betas() {
    return {.name = "betas",
            .type = {.kind = Kind::pair, .minimum = 0.0, .maximum = 1.0, .below_maximum = true, .float32 = true},
            .default_value = std::vector<double>{0.9, 0.999}};
}

/// Of the notebook, and so in every run's record.
ArgumentDescription momentum_of_sgd() {
    ArgumentDescription argument = positive("momentum", 0.0);
    argument.always_recorded = true;
    return argument;
}

ArgumentDescription pair_above_zero(const char* name, double first, double second) {
    return {.name = name,
            .type = {.kind = Kind::pair, .minimum = 0.0, .above_minimum = true, .float32 = true},
            .default_value = std::vector<double>{first, second}};
}

ArgumentDescription rho() {
    return {.name = "rho",
            .type = {.kind = Kind::number, .minimum = 0.0, .maximum = 1.0, .float32 = true},
            .default_value = 0.9};
}

std::string why_not_sgd(const Arguments& of) {
    if (of.flag("nesterov") && (of.number("momentum") == 0.0 || of.number("dampening") != 0.0))
        return "Nesterov's needs a momentum, and no dampening";
    return "";
}

std::string why_not_rprop(const Arguments& of) {
    if (of.numbers("etas")[0] >= 1.0 || of.numbers("etas")[1] <= 1.0)
        return "the first of etas must be below 1, the second above";
    if (of.numbers("step_sizes")[0] > of.numbers("step_sizes")[1])
        return "the first of step_sizes must not be above the second";
    return "";
}

std::vector<Algorithm> all_optimizers() {
    const ArgumentDescription decay = positive("weight_decay", 0.0);
    const ArgumentDescription eps = positive("eps", 1e-8);
    const ArgumentDescription decoupled = flag("decoupled_weight_decay");
    return {
        {"sgd",
         "torch.optim.SGD",
         {lr(std::nullopt), momentum_of_sgd(), real("dampening", 0.0), decay, flag("nesterov")},
         why_not_sgd},
        {"adam", "torch.optim.Adam", {lr(1e-3), betas(), eps, decay, flag("amsgrad")}},
        {"adamw", "torch.optim.AdamW", {lr(1e-3), betas(), eps, positive("weight_decay", 1e-2), flag("amsgrad")}},
        {"nadam", "torch.optim.NAdam", {lr(2e-3), betas(), eps, decay, positive("momentum_decay", 4e-3), decoupled}},
        {"radam", "torch.optim.RAdam", {lr(1e-3), betas(), eps, decay, decoupled}},
        {"adamax", "torch.optim.Adamax", {lr(2e-3), betas(), eps, decay}},
        {"adagrad",
         "torch.optim.Adagrad",
         {lr(1e-2), positive("lr_decay", 0.0), decay, positive("initial_accumulator_value", 0.0),
          positive("eps", 1e-10)}},
        {"adadelta", "torch.optim.Adadelta", {lr(1.0), rho(), positive("eps", 1e-6), decay}},
        {"rmsprop",
         "torch.optim.RMSprop",
         {lr(1e-2), positive("alpha", 0.99), eps, decay, positive("momentum", 0.0), flag("centered")}},
        {"asgd", "torch.optim.ASGD", {lr(1e-2), real("lambd", 1e-4), real("alpha", 0.75), real("t0", 1e6), decay}},
        {"rprop",
         "torch.optim.Rprop",
         {lr(1e-2), pair_above_zero("etas", 0.5, 1.2), pair_above_zero("step_sizes", 1e-6, 50.0)},
         why_not_rprop},
    };
}

}  // namespace

const Family& optimizer_family() {
    static const Family family{.what = "optimizer", .all = all_optimizers()};
    return family;
}

Arguments OptimizerSettings::arguments() const {
    if (name) return completed(algorithm(), written);
    Arguments notebook;
    notebook.set("lr", 0.01);
    notebook.set("momentum", 0.5);
    for (const auto& [key, value] : written.all()) notebook.set(key, value);
    return completed(algorithm(), notebook);
}

void read_optimizer(StrictTable table, OptimizerSettings& settings) {
    if (const auto name = table.one_of("name", optimizer_family().names())) {
        if (*name != settings.algorithm().name) settings.written = {};
        settings.name = *name;
    }
    settings.where = table.where();
    read_arguments(table, optimizer_family(), settings.algorithm(), settings.written);
    table.finish();
}

Json json_of(const OptimizerSettings& settings) {
    Json json{{"name", settings.algorithm().name}};
    record_arguments(settings.algorithm(), settings.arguments(), json);
    return json;
}

std::vector<ParameterGroup> read_groups(const std::vector<StrictTable>& tables) {
    std::vector<ParameterGroup> groups;
    for (StrictTable table : tables) {
        ParameterGroup& group = groups.emplace_back();
        group.where = table.where();
        group.match = table.string("match").value_or("");
        if (group.match.empty())
            fail_at(group.where, "a group of trainer.groups needs match: a glob of names of parameters, \"*.bias\"");
        for (const Algorithm& optimizer : optimizer_family().all) read_known_arguments(table, optimizer, group.written);
        table.finish();
    }
    return groups;
}

Arguments arguments_of(const OptimizerSettings& settings, const ParameterGroup& group) {
    Arguments arguments = settings.arguments();
    for (const auto& [key, value] : group.written.all()) arguments.set(key, value);
    return arguments;
}

Json json_of(const ParameterGroup& group) {
    Json json{{"match", group.match}};
    for (const auto& [key, value] : group.written.all()) json[key] = json_of(value);
    return json;
}

void check_optimizer(const OptimizerSettings& settings, const std::vector<ParameterGroup>& groups) {
    const Algorithm& algorithm = settings.algorithm();
    const auto check = [&](const Arguments& arguments, const Location& where, std::string_view key) {
        const std::string why = algorithm.why_not == nullptr ? "" : algorithm.why_not(arguments);
        if (!why.empty()) fail_at(where, fmt::format("{}: {}: {}", key, algorithm.name, why));
    };
    const Arguments arguments = settings.arguments();
    if (const std::string missing = missing_argument(algorithm, arguments); !missing.empty())
        fail_at(settings.where, fmt::format("trainer.optimizer: {} needs {}, for instance {} = 0.01", algorithm.name,
                                            missing, missing));
    check(arguments, settings.where, "trainer.optimizer");
    for (const ParameterGroup& group : groups) {
        for (const auto& [key, value] : group.written.all())
            if (algorithm.argument(key) == nullptr)
                fail_at(group.where, "trainer.groups: " + lacks_argument(algorithm, key));
        check(arguments_of(settings, group), group.where, "trainer.groups");
    }
}

}  // namespace labhost
