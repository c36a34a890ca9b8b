// Tests of a plugin's parameters.
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <random>

#include <fmt/format.h>
#include <torch/torch.h>

#include "engine/checks/checks.hpp"
#include "plugin/params.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost::checks {

namespace {

using Values = std::vector<labhost_value>;

/// Values that the declaration does not allow.
Values values_outside(const labhost_param& param) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    Values outside;
    labhost_value value = param.initial;
    switch (param.type) {
        case LABHOST_REAL:
            for (const double real : {std::nextafter(param.minimum.real, -infinity),
                                      std::nextafter(param.maximum.real, infinity), std::nan("")}) {
                value.real = real;
                if (!(real >= param.minimum.real && real <= param.maximum.real)) outside.push_back(value);
            }
            break;
        case LABHOST_INTEGER:
            if (param.minimum.integer > std::numeric_limits<std::int64_t>::min()) {
                value.integer = param.minimum.integer - 1;
                outside.push_back(value);
            }
            if (param.maximum.integer < std::numeric_limits<std::int64_t>::max()) {
                value.integer = param.maximum.integer + 1;
                outside.push_back(value);
            }
            break;
        case LABHOST_BOOLEAN:
            value.integer = 2;
            outside.push_back(value);
            break;
        default: value.text = "no such choice"; outside.push_back(value);
    }
    return outside;
}

/// The plugin's own answer to these values: its words of refusal, or "" if it built a model.
std::string answer(const Plugin& plugin, const Values& values) {
    std::shared_ptr<Model> model;
    std::array<char, LABHOST_ERROR_SIZE> error{};
    if (plugin.descriptor->create(values.data(), &model, error.data(), error.size()) == 0) return "";
    return error[0] == '\0' ? "(no words)" : error.data();
}

using Generator = std::mt19937_64;

ParamValue random_value(const labhost_param& param, Generator& generator) {
    switch (param.type) {
        case LABHOST_REAL: {
            const double share = std::uniform_real_distribution(0.0, 1.0)(generator);
            return (1.0 - share) * param.minimum.real + share * param.maximum.real;
        }
        case LABHOST_INTEGER:
            return std::uniform_int_distribution(param.minimum.integer, param.maximum.integer)(generator);
        case LABHOST_BOOLEAN: return generator() % 2 == 0;
        default: {
            const auto choices = split(param.choices, '|');
            return choices[generator() % choices.size()];
        }
    }
}

std::vector<ParamValue> extremes(const labhost_param& param) {
    switch (param.type) {
        case LABHOST_REAL: return {param.minimum.real, param.maximum.real};
        case LABHOST_INTEGER: return {param.minimum.integer, param.maximum.integer};
        case LABHOST_BOOLEAN: return {false, true};
        default: {
            std::vector<ParamValue> all;
            for (const std::string& choice : split(param.choices, '|')) all.emplace_back(choice);
            return all;
        }
    }
}

/// The defaults; each parameter's extremes with the others at their defaults; 50 random settings.
std::vector<ResolvedParams> settings_to_try(const Plugin& plugin, std::uint64_t seed) {
    const ResolvedParams defaults = resolve_params(plugin, {});
    const std::span params(plugin.descriptor->params, plugin.descriptor->param_count);
    std::vector<ResolvedParams> settings{defaults};
    for (std::size_t i = 0; i < params.size(); ++i)
        for (const ParamValue& value : extremes(params[i])) {
            settings.push_back(defaults);
            settings.back().values[i] = value;
        }
    constexpr int random_settings = 50;
    Generator generator(seed);
    for (int n = 0; n < random_settings && !params.empty(); ++n) {
        settings.push_back(defaults);
        for (std::size_t i = 0; i < params.size(); ++i) settings.back().values[i] = random_value(params[i], generator);
    }
    return settings;
}

std::string text_of(const ResolvedParams& params) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < params.names.size(); ++i)
        texts.push_back(fmt::format("{} = {}", params.names[i], to_text(params.values[i])));
    return texts.empty() ? "no parameters" : join(texts);
}

/// What is not finite after a forward and a backward pass; "" if nothing is.
std::string not_finite(PluginModel& model, const CheckContext& context, const Plugin& plugin) {
    constexpr std::int64_t count = 8;
    model.module().train();
    const torch::Tensor images = random_images(plugin, count, context.seed);
    const torch::Tensor output = model.forward(images);
    if (!output.isfinite().all().item<bool>()) return "the output";
    if (!output.requires_grad()) return "";
    mean_loss(model, context.loss, output, random_labels(plugin, context, count, context.seed), images).backward();
    for (const auto& parameter : model.module().named_parameters())
        if (const auto& gradient = parameter.value().grad();
            gradient.defined() && !gradient.isfinite().all().item<bool>())
            return fmt::format("the gradient of '{}'", parameter.key());
    return "";
}

}  // namespace

CheckResult refuses_parameters(const CheckContext& context) {
    const Plugin& plugin = context.load();
    const std::string unknown = "no_such_parameter";
    try {
        resolve_params(plugin, {{unknown, {.value = std::int64_t{1}}}});
        return failed(fmt::format("'{}' was taken", unknown));
    } catch (const Error& e) {
        if (std::string(e.what()).find(unknown) == std::string::npos) return failed(e.what());
    }
    const ResolvedParams defaults = resolve_params(plugin, {});
    if (const std::string words = answer(plugin, defaults.as_abi_values()); !words.empty())
        return failed(fmt::format("the defaults are refused: {}", words));
    for (std::uint32_t i = 0; i < plugin.descriptor->param_count; ++i) {
        const labhost_param& param = plugin.descriptor->params[i];
        for (const labhost_value& value : values_outside(param)) {
            Values values = defaults.as_abi_values();
            values[i] = value;
            const std::string words = answer(plugin, values);
            if (words.empty())
                return failed(fmt::format("create takes '{}' although it is not {}; LABHOST_PLUGIN checks that",
                                          param.name, allowed_values(param)));
            if (words.find(fmt::format("'{}'", param.name)) == std::string::npos)
                return failed(
                    fmt::format("create refuses a wrong '{}' without naming it in quotes: {}", param.name, words));
        }
    }
    return {};
}

CheckResult defaults(const CheckContext& context) {
    const Plugin& plugin = context.load();
    std::map<std::string, WrittenParam> written;
    for (std::uint32_t i = 0; i < plugin.descriptor->param_count; ++i)
        written[plugin.descriptor->params[i].name] = {.value = default_value(plugin.descriptor->params[i])};
    PluginModel without = build(plugin, context.seed);
    torch::manual_seed(context.seed);
    PluginModel with(plugin, resolve_params(plugin, written));
    if (const std::string where = first_difference(without.state_dict(), with.state_dict()); !where.empty())
        return failed(fmt::format("{} differs between no parameters and the defaults written out", where));
    const torch::Tensor images = random_images(plugin, 4, context.seed);
    without.module().eval();
    with.module().eval();
    if (!identical(without.forward(images.clone()), with.forward(images.clone())))
        return failed("outputs differ between no parameters and the defaults written out");
    return {};
}

CheckResult parameter_ranges(const CheckContext& context) {
    const Plugin& plugin = context.load();
    const auto settings = settings_to_try(plugin, context.seed);
    std::size_t refused = 0;
    std::string words;
    for (const ResolvedParams& params : settings) {
        std::optional<PluginModel> model;
        try {
            torch::manual_seed(context.seed);
            model.emplace(plugin, params);
        } catch (const Error& e) {
            ++refused;
            words = fmt::format("{} (with {})", e.what(), text_of(params));
            continue;
        }
        std::string what;
        try {
            what = not_finite(*model, context, plugin);
        } catch (const std::exception& e) {
            return failed(fmt::format("with {}: {}; refuse it in the constructor, or narrow the range", text_of(params),
                                      e.what()));
        }
        if (!what.empty())
            return failed(fmt::format("{} is not finite with {}; refuse it in the constructor, or narrow the range",
                                      what, text_of(params)));
    }
    if (refused == settings.size()) return failed(words);
    if (refused > 0)
        return {Outcome::success,
                fmt::format("{} of {} settings are refused, the last one: {}", refused, settings.size(), words)};
    return {};
}

}  // namespace labhost::checks
