#include "report/contact_sheet.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <png.h>

#include "data/picture.hpp"
#include "support/error.hpp"

namespace labhost {

namespace {

/// Which examples stand in a row.
std::vector<std::vector<std::int64_t>> rows_of(const Split& split, std::size_t rows, std::size_t columns) {
    std::vector<std::vector<std::int64_t>> all(
        split.labels.empty() ? rows : std::min(rows, static_cast<std::size_t>(split.largest_label) + 1));
    for (std::int64_t example = 0; example < split.count; ++example) {
        const auto row =
            static_cast<std::size_t>(split.labels.empty() ? example / static_cast<std::int64_t>(columns)
                                                          : split.labels[static_cast<std::size_t>(example)]);
        if (row < all.size() && all[row].size() < columns) all[row].push_back(example);
    }
    if (split.labels.empty()) std::erase_if(all, [](const auto& row) { return row.empty(); });
    return all;
}

/// RGB, white where nothing is drawn.
struct Canvas {
    std::size_t height;
    std::size_t width;
    std::vector<std::uint8_t> pixels = std::vector<std::uint8_t>(3 * height * width, 255);

    void draw(const Split& split, std::int64_t example, std::size_t top, std::size_t left) {
        const std::vector<std::uint8_t> bytes = pixels_of(split, example);
        const auto channels = static_cast<std::size_t>(channels_of(split.sizes));
        const auto rows = static_cast<std::size_t>(split.sizes[split.sizes.size() - 2]);
        const auto columns = static_cast<std::size_t>(split.sizes.back());
        for (std::size_t y = 0; y < rows; ++y)
            for (std::size_t x = 0; x < columns; ++x)
                for (std::size_t colour = 0; colour < 3; ++colour)
                    pixels[3 * ((top + y) * width + left + x) + colour] =
                        bytes[((channels == 1 ? 0 : colour) * rows + y) * columns + x];
    }

    std::string png() const {
        png_image image{};
        image.version = PNG_IMAGE_VERSION;
        image.format = PNG_FORMAT_RGB;
        image.height = static_cast<png_uint_32>(height);
        image.width = static_cast<png_uint_32>(width);
        png_alloc_size_t size = 0;
        const auto write = [&](void* into) {
            if (png_image_write_to_memory(&image, into, &size, 0, pixels.data(), 0, nullptr) == 0)
                throw Error(ExitCode::run_failed, std::string("libpng cannot write the picture: ") + image.message);
        };
        write(nullptr);  // tells the size
        std::string file(size, '\0');
        write(file.data());
        return file;
    }
};

}  // namespace

std::string contact_sheet(const Split& split, std::size_t rows, std::size_t columns) {
    constexpr std::size_t gap = 2;
    const auto all = rows_of(split, rows, columns);
    const std::size_t height = static_cast<std::size_t>(split.sizes[split.sizes.size() - 2]) + gap;
    const std::size_t width = static_cast<std::size_t>(split.sizes.back()) + gap;
    Canvas canvas{.height = all.size() * height + gap, .width = columns * width + gap};
    for (std::size_t row = 0; row < all.size(); ++row)
        for (std::size_t column = 0; column < all[row].size(); ++column)
            canvas.draw(split, all[row][column], gap + row * height, gap + column * width);
    return canvas.png();
}

}  // namespace labhost
