// Images of another size, with the bits of Pillow's resize.
#pragma once

#include <cstdint>

#include "data/images/decode.hpp"

namespace labhost {

/// Of one channel or three. Pillow's Image.resize(..., BILINEAR), which is torchvision's Resize of such an image: a
/// triangle as wide as the images differ, first along rows, then along columns, in integers of 22 binary places (its
/// Resample.c, up to Pillow 12; 13 goes along columns first where an image gets much less high). An image that has the
/// size already is as it was.
Image resized(Image image, std::int64_t height, std::int64_t width);

}  // namespace labhost
