// Parameters: how a plugin declares them, and how its model reads the values an experiment gave.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include <labhost/abi.h>

namespace labhost {

/// Bounds of a number, both included.
template <class T>
struct Range {
    T minimum;
    T maximum;
};

/// Declares a real parameter: `real("p", 0.5, {0, 1}, "probability of dropping a unit")`.
constexpr labhost_param real(const char* name, double initial, Range<double> range, const char* doc) {
    return {name,   doc, LABHOST_REAL, {initial, 0, nullptr}, {range.minimum, 0, nullptr}, {range.maximum, 0, nullptr},
            nullptr};
}

/// Declares an integer parameter.
constexpr labhost_param integer(const char* name, std::int64_t initial, Range<std::int64_t> range, const char* doc) {
    return {
        name,   doc, LABHOST_INTEGER, {0, initial, nullptr}, {0, range.minimum, nullptr}, {0, range.maximum, nullptr},
        nullptr};
}

/// Declares a boolean parameter.
constexpr labhost_param boolean(const char* name, bool initial, const char* doc) {
    return {name, doc, LABHOST_BOOLEAN, {0, initial ? 1 : 0, nullptr}, {}, {0, 1, nullptr}, nullptr};
}

/// Declares a parameter with a fixed set of texts: `choice("act", "relu", "relu|tanh", "activation")`.
constexpr labhost_param choice(const char* name, const char* initial, const char* choices, const char* doc) {
    return {name, doc, LABHOST_CHOICE, {0, 0, initial}, {}, {}, choices};
}

/// Whether `value` is one that `param` allows: within its bounds, or one of its choices. NaN never is.
inline bool allows(const labhost_param& param, const labhost_value& value) {
    switch (param.type) {
        case LABHOST_REAL: return value.real >= param.minimum.real && value.real <= param.maximum.real;
        case LABHOST_INTEGER: return value.integer >= param.minimum.integer && value.integer <= param.maximum.integer;
        case LABHOST_BOOLEAN: return value.integer == 0 || value.integer == 1;
        default: break;
    }
    if (value.text == nullptr || param.choices == nullptr) return false;
    const std::string_view wanted = value.text;
    for (std::string_view rest = param.choices;; rest.remove_prefix(rest.find('|') + 1)) {
        if (rest.substr(0, rest.find('|')) == wanted) return true;
        if (rest.find('|') == std::string_view::npos) return false;
    }
}

/// The values of one run, read by name. Every declared parameter has a value, within its range.
/// Asking for a name or type that the descriptor does not declare throws std::logic_error.
class Params {
public:
    Params(std::span<const labhost_param> declared, const labhost_value* values)
        : declared_(declared), values_(values) {}

    double real(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    bool boolean(std::string_view name) const;
    std::string_view choice(std::string_view name) const;

    /// Throws std::invalid_argument, naming the parameter, for the first value that is not allowed.
    void check() const;

private:
    const labhost_value& find(std::string_view name, labhost_param_type type) const;

    std::span<const labhost_param> declared_;
    const labhost_value* values_;
};

}  // namespace labhost
