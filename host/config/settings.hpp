// What keys are read with: parts of a TOML table into settings, each checked.
#pragma once

#include <array>
#include <filesystem>
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

/// A path as a key has it: from `folder`, from the working folder if an option has it.
std::filesystem::path resolve(const std::string& path, const Location& where, const std::filesystem::path& folder);

/// `data.dataset`: a name as it is; a file or folder, which has a '/' or ends in .npz or .csv, resolved.
std::string resolve_dataset(const std::string& name, const Location& where, const std::filesystem::path& folder);

/// Whether `name` has the form of a device: auto, cpu, cuda, cuda:N.
bool is_device(const std::string& name);

/// Whether `text` is 64 hexadecimal digits in lower case.
bool is_sha256(const std::string& text);

/// A scalar TOML node as a parameter's value; throws Error (usage) for any other.
ParamValue param_value(const toml::node& node, const std::string& name, const Location& where);

}  // namespace labhost
