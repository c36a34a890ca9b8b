// The noise floor: the table, and its JSON.
#pragma once

#include <span>

#include "analysis/noise.hpp"
#include "report/table.hpp"
#include "support/json.hpp"

namespace labhost {

Cells noise_cells(std::span<const NoiseFloor> floors, Digits digits);
Json noise_json(std::span<const NoiseFloor> floors);

}  // namespace labhost
