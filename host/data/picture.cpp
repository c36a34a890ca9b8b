#include "data/picture.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace labhost {

bool is_picture(const Split& split) {
    const std::int64_t channels = channels_of(split.sizes);
    return (split.sizes.size() == 2 || split.sizes.size() == 3) && (channels == 1 || channels == 3 || channels == 4);
}

std::vector<std::uint8_t> pixels_of(const Split& split, std::int64_t example) {
    const auto count = static_cast<std::size_t>(split.elements());
    if (split.is_bytes()) return {split.bytes_of(example), split.bytes_of(example) + count};
    const std::span values(split.reals_of(example), count);
    const auto [least, greatest] = std::ranges::minmax(values);
    const double scale = least == greatest ? 0.0 : 255.0 / (double{greatest} - double{least});
    std::vector<std::uint8_t> pixels(count);
    std::ranges::transform(values, pixels.begin(), [&, least = double{least}](float value) {
        return static_cast<std::uint8_t>(std::lround(scale * (double{value} - least)));
    });
    return pixels;
}

}  // namespace labhost
