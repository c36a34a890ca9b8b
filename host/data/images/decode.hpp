// A PNG or JPEG file made into bytes, with the values that Pillow's Image.open(...).convert(...) has.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace labhost {

/// [height, width, channels], from 0 to 255.
struct Image {
    std::int64_t height = 0;
    std::int64_t width = 0;
    std::int64_t channels = 0;
    std::vector<std::uint8_t> bytes{};
};

/// Why a file is no image that can be taken: to be told with its path.
class DecodeError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// By libpng and libjpeg-turbo, whichever the file's first bytes ask for; the rotation that a camera notes (EXIF) is
/// ignored. `channels`: 3, Pillow's "RGB", or 1, its "L" (ITU-R 601-2, in its integers); transparency is dropped.
/// Throws DecodeError: damaged, truncated, of another format, of 16-bit greys (which Pillow clips), or of more than
/// Pillow's 178,956,970 pixels.
Image decode_image(std::span<const std::uint8_t> file, std::int64_t channels);

}  // namespace labhost
