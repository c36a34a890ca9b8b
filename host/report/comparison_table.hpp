// Two configurations, or two sets of runs, side by side: the table, and its JSON.
#pragma once

#include "analysis/compare.hpp"
#include "report/table.hpp"
#include "support/json.hpp"

namespace labhost {

Cells comparison_cells(const Comparisons& comparisons, Digits digits);

/// {"schema", "a", "b", "rows": [...], "only_in_a", "only_in_b"}
Json comparison_json(const Comparisons& comparisons);

}  // namespace labhost
