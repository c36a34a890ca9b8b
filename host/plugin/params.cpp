#include "plugin/params.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <labhost/params.hpp>

#include "config/location.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

/// `value` as the declared type (an integer is a real too), or nothing.
std::optional<ParamValue> convert(const labhost_param& param, const ParamValue& value) {
    switch (param.type) {
        case LABHOST_REAL:
            if (const auto* number = std::get_if<std::int64_t>(&value)) return static_cast<double>(*number);
            if (std::holds_alternative<double>(value)) return value;
            return std::nullopt;
        case LABHOST_INTEGER: return std::holds_alternative<std::int64_t>(value) ? std::optional(value) : std::nullopt;
        case LABHOST_BOOLEAN: return std::holds_alternative<bool>(value) ? std::optional(value) : std::nullopt;
        default: return std::holds_alternative<std::string>(value) ? std::optional(value) : std::nullopt;
    }
}

/// A dot would end the name in a dotted key, such as params.width.
bool is_param_name(std::string_view name) { return is_file_name(name) && name.find('.') == std::string_view::npos; }

labhost_value to_abi(const ParamValue& value) {
    labhost_value abi{};
    if (const auto* real = std::get_if<double>(&value)) abi.real = *real;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) abi.integer = *integer;
    if (const auto* boolean = std::get_if<bool>(&value)) abi.integer = *boolean ? 1 : 0;
    if (const auto* text = std::get_if<std::string>(&value)) abi.text = text->c_str();
    return abi;
}

}  // namespace

ParamValue default_value(const labhost_param& param) {
    switch (param.type) {
        case LABHOST_REAL: return param.initial.real;
        case LABHOST_INTEGER: return param.initial.integer;
        case LABHOST_BOOLEAN: return param.initial.integer != 0;
        default: return std::string(param.initial.text);
    }
}

std::string allowed_values(const labhost_param& param) {
    switch (param.type) {
        case LABHOST_REAL: return fmt::format("a number in {}..{}", param.minimum.real, param.maximum.real);
        case LABHOST_INTEGER: return fmt::format("an integer in {}..{}", param.minimum.integer, param.maximum.integer);
        case LABHOST_BOOLEAN: return "true or false";
        default: return fmt::format("one of {}", join(split(param.choices, '|')));
    }
}

std::string declaration_fault(const labhost_param& param) {
    if (param.name == nullptr || !is_param_name(param.name))
        return fmt::format("has the name '{}', which must be made of at most 100 letters, digits, '_' and '-'",
                           param.name == nullptr ? "" : param.name);
    if (param.doc == nullptr) return fmt::format("'{}' has no doc", param.name);
    if (!is_one_line(param.doc)) return fmt::format("'{}' has a doc of more than one line", param.name);
    if (param.type < LABHOST_REAL || param.type > LABHOST_CHOICE)
        return fmt::format("'{}' has the unknown type {}", param.name, param.type);
    if (param.type == LABHOST_CHOICE && (param.choices == nullptr || param.initial.text == nullptr))
        return fmt::format("'{}' lacks its choices or its default", param.name);
    if (param.type == LABHOST_CHOICE) {
        auto choices = split(param.choices, '|');
        const std::string_view written = param.choices;
        std::ranges::sort(choices);
        if (choices.empty() || join(split(written, '|'), "|") != written ||
            std::ranges::adjacent_find(choices) != choices.end())
            return fmt::format("'{}' has the choices '{}', of which one is empty or there twice", param.name, written);
    }
    if (param.type == LABHOST_REAL && !(std::isfinite(param.minimum.real) && std::isfinite(param.maximum.real)))
        return fmt::format("'{}' has a range that is not finite", param.name);
    const ParamValue initial = default_value(param);
    if (!allows(param, param.initial))
        return fmt::format("'{}' has the default {}, which is not {}", param.name, to_text(initial),
                           allowed_values(param));
    return "";
}

ResolvedParams resolve_params(const Plugin& plugin, const std::map<std::string, WrittenParam>& written) {
    ResolvedParams resolved;
    for (std::uint32_t i = 0; i < plugin.descriptor->param_count; ++i) {
        const labhost_param& param = plugin.descriptor->params[i];
        resolved.names.emplace_back(param.name);
        resolved.values.push_back(default_value(param));
    }
    for (const auto& [name, value] : written) {
        const auto found = std::ranges::find(resolved.names, name);
        if (found == resolved.names.end())
            fail_at(value.where,
                    fmt::format("plugin '{}' has no parameter '{}'{} ({})", plugin.id(), name,
                                did_you_mean(name, resolved.names),
                                resolved.names.empty() ? "it has none" : "it has " + join(resolved.names)));
        const auto index = static_cast<std::size_t>(found - resolved.names.begin());
        const labhost_param& param = plugin.descriptor->params[index];
        const auto converted = convert(param, value.value);
        if (!converted || !allows(param, to_abi(*converted)))
            fail_at(value.where, fmt::format("params.{} = {} of plugin '{}' must be {}", name, to_text(value.value),
                                             plugin.id(), allowed_values(param)));
        resolved.values[index] = *converted;
    }
    return resolved;
}

std::vector<labhost_value> ResolvedParams::as_abi_values() const {
    std::vector<labhost_value> abi;
    for (const ParamValue& value : values) abi.push_back(to_abi(value));
    return abi;
}

}  // namespace labhost
