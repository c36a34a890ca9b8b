// The two formats of images that are read.
#pragma once

#include "data/images/decode.hpp"

namespace labhost {

/// With one channel or three, as the file has them. Throw DecodeError.
Image decode_png(std::span<const std::uint8_t> file);
Image decode_jpeg(std::span<const std::uint8_t> file);

/// Throws DecodeError if there are none, or too many: by what Pillow takes, or for a file of so many bytes.
void check_size(std::int64_t height, std::int64_t width, std::size_t bytes);

}  // namespace labhost
