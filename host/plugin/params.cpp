#include "plugin/params.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

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

/// `value` has the declared type.
bool in_range(const labhost_param& param, const ParamValue& value) {
    switch (param.type) {
        case LABHOST_REAL: {
            const double number = std::get<double>(value);
            return number >= param.minimum.real && number <= param.maximum.real;  // false for NaN
        }
        case LABHOST_INTEGER: {
            const std::int64_t number = std::get<std::int64_t>(value);
            return number >= param.minimum.integer && number <= param.maximum.integer;
        }
        case LABHOST_BOOLEAN: return true;
        default: {
            const auto choices = split(param.choices, '|');
            return std::ranges::find(choices, std::get<std::string>(value)) != choices.end();
        }
    }
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
    if (param.name == nullptr || !is_file_name(param.name)) return "has no proper name";
    if (param.doc == nullptr) return fmt::format("'{}' has no doc", param.name);
    if (param.type < LABHOST_REAL || param.type > LABHOST_CHOICE)
        return fmt::format("'{}' has the unknown type {}", param.name, param.type);
    if (param.type == LABHOST_CHOICE && (param.choices == nullptr || param.initial.text == nullptr))
        return fmt::format("'{}' lacks its choices or its default", param.name);
    const ParamValue initial = default_value(param);
    if (!in_range(param, initial))
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
        if (!converted || !in_range(param, *converted))
            fail_at(value.where, fmt::format("params.{} = {} of plugin '{}' must be {}", name, to_text(value.value),
                                             plugin.id(), allowed_values(param)));
        resolved.values[index] = *converted;
    }
    return resolved;
}

std::vector<labhost_value> ResolvedParams::as_abi_values() const {
    std::vector<labhost_value> abi;
    for (const ParamValue& value : values) {
        labhost_value v{};
        if (const auto* real = std::get_if<double>(&value)) v.real = *real;
        if (const auto* integer = std::get_if<std::int64_t>(&value)) v.integer = *integer;
        if (const auto* boolean = std::get_if<bool>(&value)) v.integer = *boolean ? 1 : 0;
        if (const auto* text = std::get_if<std::string>(&value)) v.text = text->c_str();
        abi.push_back(v);
    }
    return abi;
}

}  // namespace labhost
