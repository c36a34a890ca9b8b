// A plugin's descriptor as data: what it declares, and what is wrong with that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <labhost/abi.h>

#include "support/json.hpp"

namespace labhost {

/// "id", "version", "summary", "input": [sizes], "classes" or "outputs", "loss": true where it brings one, and
/// "params": of each "name", "type", "default", "minimum" and "maximum" or "choices", "allowed" in words, "doc".
Json describe(const labhost_descriptor& descriptor);

/// The sizes of an example that the model takes: one to four, of a plugin of SDK 1.0 three.
std::vector<std::int64_t> input_sizes(const labhost_descriptor& descriptor);

/// The numbers that a regression foretells, or its labels; 0 of a model that tells classes apart.
std::int64_t output_count(const labhost_descriptor& descriptor);

/// Whether the model brings a loss of its own.
bool brings_loss(const labhost_descriptor& descriptor);

/// A parameter's value in such a description, as people write it.
std::string value_text(const Json& value);

/// "width = 16, depth = 3" for the parameters of such a description; "-" if there are none.
std::string params_text(const Json& description);

/// What is wrong with the descriptor, field by field; empty if nothing is.
std::vector<std::string> descriptor_faults(const labhost_descriptor& descriptor);

}  // namespace labhost
