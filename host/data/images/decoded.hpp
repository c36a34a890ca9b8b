// Images decoded once, and kept as a file that is mapped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/choices.hpp"
#include "data/file_hashes.hpp"
#include "data/shared_array.hpp"

namespace labhost {

/// What images are made into.
struct ImageShape {
    std::int64_t channels = 0;  ///< 3: RGB, 1: greys
    std::int64_t height = 0;
    std::int64_t width = 0;

    std::int64_t bytes() const { return channels * height * width; }
};

struct DecodedImages {
    SharedArray<std::uint8_t> bytes{};  ///< [files that are not damaged, channels, height, width]
    struct Damaged {
        std::size_t file;
        std::string why;
    };
    std::vector<Damaged> damaged{};  ///< in their order; none unless they are skipped
};

/// [supervisor] The files, resized as Pillow does it. A child decodes them on all cores into a file under the user's
/// cache folder, named by what they hold (`sha256`) and the shape, which stays until it was not used for 60 days;
/// later calls, in other processes too, map it. Throws Error (usage) with the first file that cannot be decoded, or has
/// changed since it was hashed; StorageError where the cache cannot be written.
DecodedImages decode_images(const std::filesystem::path& folder, std::span<const StampedFile> files,
                            std::span<const std::string> sha256, const ImageShape& shape, OnDamaged on_damaged);

}  // namespace labhost
