// Arrays of a file checked, and made into examples.
#pragma once

#include <span>

#include "data/dataset.hpp"
#include "data/raw_data.hpp"

namespace labhost {

/// Bytes stay bytes; booleans, other integers and reals become float32. Images with their channels last are turned
/// around. Throws Error (usage) with the file and the example's index: counts that differ, a shape of no examples, a
/// layout that the shape does not tell, what is not finite, classes that are no whole numbers from 0, labels that are
/// not 0 or 1.
Split make_split(RawSplit raw, const std::optional<Layout>& layout, TargetKind kind = TargetKind::classes);

/// Those examples, in that order; what they hold is shared, not copied.
Split taken_from(const Split& split, std::span<const std::int64_t> examples);

}  // namespace labhost
