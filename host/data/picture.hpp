// Examples as pictures, for pages and contact sheets.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"

namespace labhost {

/// Whether an example can be drawn: two axes, or three of which the first is one, three or four channels.
bool is_picture(const Split& split);

/// [channels, height, width]: its bytes; of reals from 0 for the example's least to 255 for its greatest.
std::vector<std::uint8_t> pixels_of(const Split& split, std::int64_t example);

}  // namespace labhost
