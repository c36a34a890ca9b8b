// params and reference: from a TOML table into settings, each key checked. For [trainer] and [data] see keys.hpp.
#pragma once

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/experiment.hpp"
#include "config/strict_table.hpp"

namespace labhost {

/// Each overlays what the table says on what is there.
void read_params(const StrictTable& table, std::map<std::string, WrittenParam>& params);
void read_reference(StrictTable table, Reference& reference);

/// The keys of a reference, in a file and in a record.
inline constexpr std::array<std::pair<const char*, std::vector<double> Reference::*>, 4> published{
    {{"train_loss", &Reference::train_loss},
     {"train_accuracy", &Reference::train_accuracy},
     {"test_loss", &Reference::test_loss},
     {"test_accuracy", &Reference::test_accuracy}}};

/// Whether `name` has the form of a device: auto, cpu, cuda, cuda:N.
bool is_device(const std::string& name);

/// A scalar TOML node as a parameter's value; throws Error (usage) for any other.
ParamValue param_value(const toml::node& node, const std::string& name, const Location& where);

}  // namespace labhost
