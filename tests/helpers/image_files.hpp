// PNG and JPEG files of a test's own making.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <png.h>

#include <jpeglib.h>

namespace labhost::testing {

/// By libpng's own ways; `values`: [height, width, channels] of `format`.
inline std::string written_png(std::uint32_t height, std::uint32_t width, std::uint32_t format, const void* values,
                               std::size_t count) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height;
    image.format = format;
    std::string file(count * 4 + 1000, '\0');
    png_alloc_size_t size = file.size();
    if (png_image_write_to_memory(&image, file.data(), &size, 0, values, 0, nullptr) == 0)
        throw std::runtime_error(image.message);
    file.resize(size);
    return file;
}

/// `bytes`: [height, width, channels] of 1 (greys), 2 (and alpha), 3 (RGB) or 4.
inline std::string png_file(std::uint32_t height, std::uint32_t width, const std::vector<std::uint8_t>& bytes) {
    constexpr std::uint32_t formats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB, PNG_FORMAT_RGBA};
    return written_png(height, width, formats[bytes.size() / (height * width) - 1], bytes.data(), bytes.size());
}

/// Of one pixel, in one of the linear formats.
inline std::string png_file_of_16_bits(std::uint32_t format, const std::vector<std::uint16_t>& values) {
    return written_png(1, 1, format, values.data(), 2 * values.size());
}

/// `bytes`: [height, width, 3].
inline std::string jpeg_file(std::uint32_t height, std::uint32_t width, const std::vector<std::uint8_t>& bytes) {
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);  // which ends the test's process
    jpeg_create_compress(&jpeg);
    unsigned char* memory = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&jpeg, &memory, &size);
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < height) {
        JSAMPROW row = const_cast<JSAMPROW>(bytes.data()) + std::size_t{jpeg.next_scanline} * width * 3;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    std::string file(reinterpret_cast<const char*>(memory), size);
    std::free(memory);  // as libjpeg allots it
    return file;
}

/// Of one colour.
inline std::string plain_png(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
    std::vector<std::uint8_t> bytes;
    for (int pixel = 0; pixel < 16; ++pixel) bytes.insert(bytes.end(), {red, green, blue});
    return png_file(4, 4, bytes);
}

}  // namespace labhost::testing
