// [trainer], [data], params and reference: from a TOML table into settings, each key checked.
#pragma once

#include <map>
#include <string>

#include "config/experiment.hpp"
#include "config/strict_table.hpp"

namespace labhost {

/// Each overlays what the table says on `settings`, and refuses keys it does not know.
/// Relative paths are taken from `folder`, those of a command-line option from the working folder.
void read_trainer(StrictTable table, const std::filesystem::path& folder, TrainerSettings& settings);
void read_data(StrictTable table, const std::filesystem::path& folder, DataSettings& settings);
void read_params(const StrictTable& table, std::map<std::string, WrittenParam>& params);
void read_reference(StrictTable table, Reference& reference);

/// Whether `name` has the form of a device: auto, cpu, cuda, cuda:N.
bool is_device(const std::string& name);

/// A scalar TOML node as a parameter's value; throws Error (usage) for any other.
ParamValue param_value(const toml::node& node, const std::string& name, const Location& where);

}  // namespace labhost
