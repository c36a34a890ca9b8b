#include <array>
#include <csetjmp>
#include <cstdio>  // which jpeglib.h wants
#include <string>

#include <jpeglib.h>

#include <jerror.h>

#include "data/images/formats.hpp"

namespace labhost {

namespace {

/// libjpeg's, with the way back from an error, and what it said.
struct Errors {
    jpeg_error_mgr manager{};  // the first, since libjpeg knows no more of it
    std::jmp_buf back{};
    std::array<char, JMSG_LENGTH_MAX> text{};
};

void on_error(j_common_ptr jpeg) {
    auto* errors = reinterpret_cast<Errors*>(jpeg->err);
    jpeg->err->format_message(jpeg, errors->text.data());
    std::longjmp(errors->back, 1);
}

/// Pillow goes on after what libjpeg warns of, unless the file ends too soon.
void on_message(j_common_ptr jpeg, int level) {
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) on_error(jpeg);
}

/// Hostile files have thousands of scans over millions of pixels.
void on_progress(j_common_ptr jpeg) {
    constexpr int most_scans = 500;
    if (!jpeg->is_decompressor || reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number < most_scans) return;
    auto* errors = reinterpret_cast<Errors*>(jpeg->err);
    std::snprintf(errors->text.data(), errors->text.size(), "it has more than %d scans", most_scans);
    std::longjmp(errors->back, 1);
}

class Jpeg {
public:
    explicit Jpeg(std::span<const std::uint8_t> file) : file_(file) {
        jpeg_.err = jpeg_std_error(&errors_.manager);
        jpeg_.err->error_exit = on_error;
        jpeg_.err->emit_message = on_message;
        progress_.progress_monitor = on_progress;
    }
    ~Jpeg() { jpeg_destroy_decompress(&jpeg_); }
    Jpeg(const Jpeg&) = delete;
    Jpeg& operator=(const Jpeg&) = delete;
    Jpeg(Jpeg&&) = delete;
    Jpeg& operator=(Jpeg&&) = delete;

    /// Each is false after an error. No object is made in them, which a longjmp would not destroy.
    bool read_header(Image& image);
    bool read_rows(Image& image);
    const char* fault() const { return errors_.text.data(); }

private:
    std::span<const std::uint8_t> file_;
    Errors errors_{};
    jpeg_progress_mgr progress_{};
    jpeg_decompress_struct jpeg_{};
};

bool Jpeg::read_header(Image& image) {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.progress = &progress_;
    jpeg_mem_src(&jpeg_, file_.data(), file_.size());
    jpeg_read_header(&jpeg_, TRUE);
    // Pillow's own choices: all else is libjpeg's default.
    jpeg_.out_color_space = jpeg_.num_components == 1 ? JCS_GRAYSCALE : jpeg_.num_components == 4 ? JCS_CMYK : JCS_RGB;
    image.height = jpeg_.image_height;
    image.width = jpeg_.image_width;
    image.channels = jpeg_.num_components == 1 ? 1 : jpeg_.num_components == 4 ? 4 : 3;
    return true;
}

bool Jpeg::read_rows(Image& image) {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_start_decompress(&jpeg_);
    const auto stride = static_cast<std::size_t>(image.width * image.channels);
    while (jpeg_.output_scanline < jpeg_.output_height) {
        JSAMPROW row = image.bytes.data() + jpeg_.output_scanline * stride;
        jpeg_read_scanlines(&jpeg_, &row, 1);
    }
    return true;
}

/// Pillow's: a file's inks are inverted, as Adobe's programs write them, and 255 - k - c * (255 - k) / 255 is rounded.
void cmyk_to_rgb(Image& image) {
    const std::size_t pixels = image.bytes.size() / 4;
    for (std::size_t i = 0; i < pixels; ++i) {
        const std::uint8_t* inverted = &image.bytes[4 * i];
        const unsigned light = inverted[3];
        for (std::size_t ink = 0; ink < 3; ++ink) {
            const unsigned product = (255U - inverted[ink]) * light + 128U;
            const unsigned dark = (product + (product >> 8U)) >> 8U;  // product / 255, rounded
            image.bytes[3 * i + ink] = static_cast<std::uint8_t>(light - dark);
        }
    }
    image.bytes.resize(3 * pixels);
    image.channels = 3;
}

}  // namespace

Image decode_jpeg(std::span<const std::uint8_t> file) {
    Jpeg jpeg(file);
    Image image;
    if (!jpeg.read_header(image)) throw DecodeError(jpeg.fault());
    check_size(image.height, image.width, file.size());
    image.bytes.resize(static_cast<std::size_t>(image.height * image.width * image.channels));
    if (!jpeg.read_rows(image)) throw DecodeError(jpeg.fault());
    if (image.channels == 4) cmyk_to_rgb(image);
    return image;
}

}  // namespace labhost
