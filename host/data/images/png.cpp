#include <csetjmp>
#include <cstring>
#include <string>

#include <png.h>

#include "data/images/formats.hpp"

namespace labhost {

namespace {

/// What libpng is reading from, and what it said last.
struct PngSource {
    std::span<const std::uint8_t> rest;
    std::string fault{};
};

class Png {
public:
    explicit Png(PngSource& source)
        : png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, on_error, on_warning)),
          info_(png_ == nullptr ? nullptr : png_create_info_struct(png_)) {
        if (info_ == nullptr) {
            png_destroy_read_struct(&png_, nullptr, nullptr);
            throw DecodeError("libpng has no memory for it");
        }
        png_set_read_fn(png_, &source, read);
    }
    ~Png() { png_destroy_read_struct(&png_, &info_, nullptr); }
    Png(const Png&) = delete;
    Png& operator=(const Png&) = delete;
    Png(Png&&) = delete;
    Png& operator=(Png&&) = delete;

    /// Each is false after an error. No object is made in them, which a longjmp would not destroy.
    bool read_header(Image& image);
    bool read_rows(Image& image);

private:
    static void on_error(png_structp png, png_const_charp what) {
        static_cast<PngSource*>(png_get_error_ptr(png))->fault = what;
        png_longjmp(png, 1);
    }
    static void on_warning(png_structp /*png*/, png_const_charp /*what*/) {}
    static void read(png_structp png, png_bytep into, std::size_t count) {
        PngSource& source = *static_cast<PngSource*>(png_get_io_ptr(png));
        if (count > source.rest.size()) png_error(png, "it is truncated");
        std::memcpy(into, source.rest.data(), count);
        source.rest = source.rest.subspan(count);
    }

    png_structp png_;
    png_infop info_;
};

bool Png::read_header(Image& image) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);  // of all chunks, as Pillow
    png_read_info(png_, info_);
    const auto bits = png_get_bit_depth(png_, info_);
    const auto colour = png_get_color_type(png_, info_);
    if (bits == 16 && colour == PNG_COLOR_TYPE_GRAY)
        png_error(png_, "it has 16-bit greys, which Pillow would clip to 255; save it with 8 bits");
    png_set_strip_16(png_);  // their high bytes, as Pillow takes them
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
    if (colour == PNG_COLOR_TYPE_GRAY && bits < 8) png_set_expand_gray_1_2_4_to_8(png_);
    png_set_strip_alpha(png_);
    image.height = png_get_image_height(png_, info_);
    image.width = png_get_image_width(png_, info_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    image.channels = png_get_channels(png_, info_);
    return true;
}

bool Png::read_rows(Image& image) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    const auto stride = static_cast<std::size_t>(image.width * image.channels);
    const int passes = png_get_interlace_type(png_, info_) == PNG_INTERLACE_NONE ? 1 : PNG_INTERLACE_ADAM7_PASSES;
    for (int pass = 0; pass < passes; ++pass)
        for (std::size_t row = 0; row < static_cast<std::size_t>(image.height); ++row)
            png_read_row(png_, image.bytes.data() + row * stride, nullptr);
    return true;
}

}  // namespace

Image decode_png(std::span<const std::uint8_t> file) {
    PngSource source{file};
    Png png(source);
    Image image;
    if (!png.read_header(image)) throw DecodeError(source.fault);
    check_size(image.height, image.width, file.size());
    image.bytes.resize(static_cast<std::size_t>(image.height * image.width * image.channels));
    if (!png.read_rows(image)) throw DecodeError(source.fault);
    return image;
}

}  // namespace labhost
