// Any bytes as an image: a DecodeError, or an image, which is made smaller and larger.
#include <cstdlib>

#include "data/images/decode.hpp"
#include "data/images/resize.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace labhost;
    for (const std::int64_t channels : {1, 3}) {
        try {
            Image image = decode_image({data, size}, channels);
            const auto count = static_cast<std::size_t>(image.height * image.width * channels);
            if (image.channels != channels || image.bytes.size() != count) std::abort();
            if (count > 1'000'000) continue;  // a few bytes may be a large picture of one colour
            const Image small = resized(std::move(image), 3, 5);
            if (small.bytes.size() != static_cast<std::size_t>(15 * channels)) std::abort();
        } catch (const DecodeError&) {  // what a damaged file should give
        }
    }
    return 0;
}
