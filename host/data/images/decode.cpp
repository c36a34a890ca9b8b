#include "data/images/decode.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "data/images/formats.hpp"

namespace labhost {

namespace {

bool begins_with(std::span<const std::uint8_t> file, std::span<const std::uint8_t> magic) {
    return file.size() >= magic.size() && std::ranges::equal(file.first(magic.size()), magic);
}

constexpr std::array<std::uint8_t, 8> png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
constexpr std::array<std::uint8_t, 3> jpeg{0xFF, 0xD8, 0xFF};

/// Pillow's, of 16 binary places: 0.299 R + 0.587 G + 0.114 B.
std::uint8_t grey_of(const std::uint8_t* rgb) {
    return static_cast<std::uint8_t>((rgb[0] * 19595U + rgb[1] * 38470U + rgb[2] * 7471U + 0x8000U) >> 16U);
}

std::vector<std::uint8_t> to_grey(const std::vector<std::uint8_t>& rgb) {
    std::vector<std::uint8_t> grey(rgb.size() / 3);
    for (std::size_t i = 0; i < grey.size(); ++i) grey[i] = grey_of(&rgb[3 * i]);
    return grey;
}

std::vector<std::uint8_t> to_rgb(const std::vector<std::uint8_t>& grey) {
    std::vector<std::uint8_t> rgb(grey.size() * 3);
    for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = grey[i / 3];
    return rgb;
}

}  // namespace

void check_size(std::int64_t height, std::int64_t width, std::size_t bytes) {
    constexpr std::int64_t most = 178'956'970;  // twice PIL.Image.MAX_IMAGE_PIXELS, where Pillow raises
    // Deflate and a JPEG's Huffman codes hold 8,256 and 512 pixels a byte at most.
    constexpr std::int64_t most_per_byte = 65'536;
    if (height < 1 || width < 1) throw DecodeError("it has no pixels");
    if (height > most / width)
        throw DecodeError(
            fmt::format("it promises {} x {} pixels, and more than {} are not taken", height, width, most));
    if (height * width / most_per_byte > static_cast<std::int64_t>(bytes))
        throw DecodeError(
            fmt::format("it promises {} x {} pixels, more than its {} bytes can hold", height, width, bytes));
}

Image decode_image(std::span<const std::uint8_t> file, std::int64_t channels) {
    Image image;
    if (begins_with(file, png))
        image = decode_png(file);
    else if (begins_with(file, jpeg))
        image = decode_jpeg(file);
    else
        throw DecodeError(file.empty() ? "it is empty" : "it is neither a PNG nor a JPEG, by its first bytes");
    if (image.channels == channels) return image;
    image.bytes = channels == 1 ? to_grey(image.bytes) : to_rgb(image.bytes);
    image.channels = channels;
    return image;
}

}  // namespace labhost
