#include "data/images/resize.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace labhost {

namespace {

constexpr int places = 22;  // binary, of a weight

/// The pixels that one of the new size is made of, and their weights.
struct Window {
    std::int64_t first = 0;
    std::vector<std::int32_t> weights{};
};

std::vector<Window> windows(std::int64_t from, std::int64_t to) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    const double support = std::max(scale, 1.0);
    std::vector<Window> windows(static_cast<std::size_t>(to));
    std::vector<double> weights;
    for (std::size_t i = 0; i < windows.size(); ++i) {
        const double center = (static_cast<double>(i) + 0.5) * scale;
        // Pillow's casts, which cut off.
        const auto first = std::max(static_cast<std::int64_t>(center - support + 0.5), std::int64_t{0});
        const auto last = std::min(static_cast<std::int64_t>(center + support + 0.5), from);
        weights.clear();
        double sum = 0.0;
        for (std::int64_t pixel = first; pixel < last; ++pixel) {
            const double distance = std::abs((static_cast<double>(pixel) - center + 0.5) * (1.0 / support));
            weights.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
            sum += weights.back();
        }
        windows[i].first = first;
        for (const double weight : weights) {
            const double share = sum == 0.0 ? weight : weight / sum;
            windows[i].weights.push_back(static_cast<std::int32_t>(0.5 + share * (1 << places)));
        }
    }
    return windows;
}

constexpr std::int32_t half = 1 << (places - 1);

std::uint8_t rounded(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> places, 0, 255)); }

Image of_size(const Image& image, std::int64_t height, std::int64_t width) {
    return {.height = height,
            .width = width,
            .channels = image.channels,
            .bytes = std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * image.channels))};
}

/// All channels of a pixel at once.
template <std::size_t channels>
void across(const Image& image, const std::vector<Window>& columns, std::uint8_t* into) {
    for (std::int64_t row = 0; row < image.height; ++row)
        for (const Window& window : columns) {
            const std::uint8_t* pixel =
                image.bytes.data() + (row * image.width + window.first) * static_cast<std::int64_t>(channels);
            std::array<std::int32_t, channels> sums{};
            for (const std::int32_t weight : window.weights)
                for (std::int32_t& sum : sums) sum += *pixel++ * weight;
            for (const std::int32_t sum : sums) *into++ = rounded(sum + half);
        }
}

/// Rows are added to a row of sums, which compilers make vectors of.
void down(const Image& image, const std::vector<Window>& rows, std::uint8_t* into) {
    const auto stride = static_cast<std::size_t>(image.width * image.channels);
    std::vector<std::int32_t> sums(stride);
    for (const Window& window : rows) {
        const std::uint8_t* row = image.bytes.data() + static_cast<std::size_t>(window.first) * stride;
        std::ranges::fill(sums, half);
        for (const std::int32_t weight : window.weights) {
            for (std::size_t i = 0; i < stride; ++i) sums[i] += row[i] * weight;
            row += stride;
        }
        into = std::ranges::transform(sums, into, rounded).out;
    }
}

}  // namespace

Image resized(Image image, std::int64_t height, std::int64_t width) {
    if (image.width != width) {
        Image made = of_size(image, image.height, width);
        const std::vector<Window> columns = windows(image.width, width);
        if (image.channels == 1)
            across<1>(image, columns, made.bytes.data());
        else
            across<3>(image, columns, made.bytes.data());
        image = std::move(made);
    }
    if (image.height != height) {
        Image made = of_size(image, height, image.width);
        down(image, windows(image.height, height), made.bytes.data());
        image = std::move(made);
    }
    return image;
}

}  // namespace labhost
