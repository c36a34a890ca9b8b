// The parameters a plugin declares, against the values an experiment gives.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <labhost/abi.h>

#include "config/experiment.hpp"
#include "plugin/plugin.hpp"

namespace labhost {

/// One value for every declared parameter, in the order of the declarations.
struct ResolvedParams {
    std::vector<std::string> names;
    std::vector<ParamValue> values;  ///< of the declared type: double, int64, bool or string

    /// As the ABI takes them; texts point into this object.
    std::vector<labhost_value> as_abi_values() const;
};

/// Defaults, overlaid with what was written. Throws Error (usage) at the place of a value whose name the plugin does
/// not declare, or which has the wrong type or is out of range.
ResolvedParams resolve_params(const Plugin& plugin, const std::map<std::string, WrittenParam>& written);

/// What is wrong with a declaration ("'p' has its default 2 outside 0..1"), or "".
std::string declaration_fault(const labhost_param& param);

/// "real in 0..1", "one of relu, tanh": what a value may be, as errors and listings say it.
std::string allowed_values(const labhost_param& param);

/// The value a parameter has when nothing is written.
ParamValue default_value(const labhost_param& param);

}  // namespace labhost
