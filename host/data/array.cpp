#include "data/array.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace labhost {

namespace {

/// An IEEE 754 number of 16 bits.
struct Half {
    std::uint16_t bits;

    /// Exact: a float32 holds each.
    explicit operator float() const {
        const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16U;
        const std::uint32_t exponent = bits >> 10U & 0x1FU;
        const std::uint32_t fraction = bits & 0x3FFU;
        if (exponent == 0x1FU) return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13U);
        if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112U) << 23U | fraction << 13U);
        const float subnormal = static_cast<float>(fraction) * 0x1p-24F;
        return sign != 0 ? -subnormal : subnormal;
    }
};

/// Calls `each` with every element in turn, as the number that it is.
template <class Number, class Each>
void each_as(const Array& array, Each each) {
    for (std::size_t at = 0; at < array.bytes.size(); at += sizeof(Number)) {
        Number number;
        std::memcpy(&number, array.bytes.data() + at, sizeof(Number));
        each(number);
    }
}

template <class Each>
void each_element(const Array& array, Each each) {
    switch (array.type) {
        case ElementType::boolean:
        case ElementType::uint8: return each_as<std::uint8_t>(array, each);
        case ElementType::int8: return each_as<std::int8_t>(array, each);
        case ElementType::uint16: return each_as<std::uint16_t>(array, each);
        case ElementType::int16: return each_as<std::int16_t>(array, each);
        case ElementType::uint32: return each_as<std::uint32_t>(array, each);
        case ElementType::int32: return each_as<std::int32_t>(array, each);
        case ElementType::uint64: return each_as<std::uint64_t>(array, each);
        case ElementType::int64: return each_as<std::int64_t>(array, each);
        case ElementType::float16: return each_as<Half>(array, [&](Half half) { each(static_cast<float>(half)); });
        case ElementType::float32: return each_as<float>(array, each);
        case ElementType::float64: return each_as<double>(array, each);
    }
}

/// Whether the number is whole, and an int64 holds it.
template <class Number>
bool is_whole(Number number) {
    if constexpr (std::is_floating_point_v<Number>)
        return std::trunc(number) == number && std::abs(number) < static_cast<Number>(0x1p62);
    else
        return std::in_range<std::int64_t>(number);
}

/// Of elements of so many bytes.
template <std::size_t size>
void move_channels(Array& array) {
    using Element = std::array<std::uint8_t, size>;
    const auto channels = static_cast<std::size_t>(array.sizes[3]);
    const auto pixels = static_cast<std::size_t>(array.sizes[1] * array.sizes[2]);
    std::vector<Element> image(channels * pixels);
    const std::size_t bytes = image.size() * size;
    for (std::size_t at = 0; at < array.bytes.size(); at += bytes) {
        for (std::size_t pixel = 0; pixel < pixels; ++pixel)
            for (std::size_t channel = 0; channel < channels; ++channel)
                std::memcpy(image[channel * pixels + pixel].data(),
                            array.bytes.data() + at + (pixel * channels + channel) * size, size);
        std::memcpy(array.bytes.data() + at, image.data(), bytes);
    }
}

}  // namespace

std::size_t size_of(ElementType type) {
    switch (type) {
        case ElementType::boolean:
        case ElementType::uint8:
        case ElementType::int8: return 1;
        case ElementType::uint16:
        case ElementType::int16:
        case ElementType::float16: return 2;
        case ElementType::uint32:
        case ElementType::int32:
        case ElementType::float32: return 4;
        default: return 8;
    }
}

std::int64_t product(const std::vector<std::int64_t>& sizes) {
    constexpr std::int64_t most = std::int64_t{1} << 40U;
    if (std::ranges::find(sizes, 0) != sizes.end()) return 0;
    std::int64_t elements = 1;
    for (const std::int64_t size : sizes) {
        if (size < 0 || elements > most / size) return -1;
        elements *= size;
    }
    return elements;
}

std::int64_t Array::elements() const { return static_cast<std::int64_t>(bytes.size() / size_of(type)); }

std::string shape_text(const std::vector<std::int64_t>& sizes) { return fmt::format("{}", fmt::join(sizes, "x")); }

std::string Array::shape() const { return shape_text(sizes); }

void swap_bytes(Array& array) {
    const auto size = static_cast<std::ptrdiff_t>(size_of(array.type));
    if (size == 1) return;
    for (auto at = array.bytes.begin(); at != array.bytes.end(); at += size) std::reverse(at, at + size);
}

std::vector<float> to_floats(const Array& array) {
    std::vector<float> floats;
    floats.reserve(static_cast<std::size_t>(array.elements()));
    each_element(array, [&](auto number) { floats.push_back(static_cast<float>(number)); });
    return floats;
}

std::vector<double> to_doubles(const Array& array) {
    std::vector<double> doubles;
    each_element(array, [&](auto number) { doubles.push_back(static_cast<double>(number)); });
    return doubles;
}

std::vector<std::int64_t> to_integers(const Array& array, std::int64_t& bad) {
    std::vector<std::int64_t> integers;
    integers.reserve(static_cast<std::size_t>(array.elements()));
    bad = -1;
    each_element(array, [&](auto number) {
        const bool whole = is_whole(number);
        if (!whole && bad < 0) bad = static_cast<std::int64_t>(integers.size());
        integers.push_back(whole ? static_cast<std::int64_t>(number) : 0);
    });
    return integers;
}

void channels_first(Array& array) {
    switch (size_of(array.type)) {
        case 1: move_channels<1>(array); break;
        case 2: move_channels<2>(array); break;
        case 4: move_channels<4>(array); break;
        default: move_channels<8>(array); break;
    }
    array.sizes = {array.sizes[0], array.sizes[3], array.sizes[1], array.sizes[2]};
}

}  // namespace labhost
