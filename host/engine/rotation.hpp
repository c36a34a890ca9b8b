// torchvision's rotate on a tensor: nearest pixel, about the centre, corners filled (transforms/functional.py).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace labhost {

/// For images of one size, of at most 2^24 pixels. Draws nothing.
class Rotation {
public:
    static constexpr std::int32_t outside = -1;

    Rotation(std::int64_t height, std::int64_t width);

    /// For each pixel of the image rotated by so many degrees counter-clockwise, [height, width], the pixel of the
    /// image that is taken, row * width + column, or `outside`. It holds until the next call.
    std::span<const std::int32_t> sources(double degrees);

private:
    bool find_surely(double cos, double sin);
    void find_by_operators(double cos, double sin);

    std::int64_t height_;
    std::int64_t width_;
    std::vector<std::int32_t> sources_;  ///< [height * width]
    at::Tensor positions_;               ///< float32 [1, height * width, 3]: x and y from the centre, 1
    at::Tensor half_sizes_;              ///< float32 [2]: of width and height
    at::Tensor numbers_;                 ///< float32 [1, 1, height, width]: each pixel's number, from 1
};

}  // namespace labhost
