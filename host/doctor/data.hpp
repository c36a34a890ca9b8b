// The data folder: which data sets are there, whole or in part.
#pragma once

#include <filesystem>
#include <optional>

#include "doctor/finding.hpp"

namespace labhost {

/// The folder, and a line for each data set of the catalogue. Reads them whole, in a child.
Findings look_at_data(const std::optional<std::filesystem::path>& chosen);

}  // namespace labhost
