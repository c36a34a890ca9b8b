// Checkpoints of format 1, which had no parts: rows of numbers by index.
#pragma once

#include <string>

#include "engine/pickle.hpp"

namespace labhost {

/// The same state under the names of format 2. Throws Error (usage), naming `source`, if something is missing.
NamedTensors state_of_v1(const NamedTensors& tensors, const std::string& source);

}  // namespace labhost
