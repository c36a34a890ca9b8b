// A folder of images as a data set.
#pragma once

#include <filesystem>

#include "data/dataset.hpp"

namespace labhost {

/// [supervisor] Its parts, decoded to `settings.image_sizes` ([channels, height, width], or [height, width] of greys).
/// Throws Error (usage) as its parts do: the listing, the decoding.
LoadedParts read_images(const std::filesystem::path& folder, const DataSettings& settings);

}  // namespace labhost
