// Vectors of `width` floats of one instruction set, and matrices transposed with them; included once for each, by a
// file that is compiled for it and defines LABHOST_VECTOR_WIDTH.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace labhost::kernels {

// Everything has internal linkage: the same template compiled for another instruction set is another function.
namespace {

constexpr int width = LABHOST_VECTOR_WIDTH;

using Vector [[gnu::vector_size(4 * width)]] = float;
using VectorInMemory [[gnu::vector_size(4 * width), gnu::aligned(4), gnu::may_alias]] = float;

Vector load(const float* from) { return *reinterpret_cast<const VectorInMemory*>(from); }
void store(float* to, Vector value) { *reinterpret_cast<VectorInMemory*>(to) = value; }
Vector splat(float value) { return value - Vector{}; }

/// std::array drops a vector's attributes.
template <int count>
struct Vectors {
    Vector vector[count];
    Vector& operator[](int i) { return vector[i]; }
};

// ---- transposition between [images][positions] and [positions][images]

template <int step, bool high, std::size_t... lane>
Vector exchange(Vector a, Vector b, std::index_sequence<lane...>) {
    if constexpr (high) {
        return __builtin_shufflevector(a, b, ((lane & step) != 0 ? width + lane : lane + step)...);
    } else {
        return __builtin_shufflevector(a, b, ((lane & step) != 0 ? width + lane - step : lane)...);
    }
}

template <int step>
void transpose_from(Vectors<width>& rows) {
    if constexpr (step < width) {
        constexpr auto lanes = std::make_index_sequence<width>();
        for (int i = 0; i < width; ++i) {
            if ((i & step) != 0) continue;
            const Vector low = exchange<step, false>(rows[i], rows[i + step], lanes);
            rows[i + step] = exchange<step, true>(rows[i], rows[i + step], lanes);
            rows[i] = low;
        }
        transpose_from<2 * step>(rows);
    }
}

/// to[c * to_stride + r] = from[r * from_stride + c]
void transpose(std::int64_t rows, std::int64_t columns, const float* from, std::int64_t from_stride, float* to,
               std::int64_t to_stride) {
    std::int64_t r = 0;
    for (; r + width <= rows; r += width) {
        std::int64_t c = 0;
        for (; c + width <= columns; c += width) {
            Vectors<width> square;
            for (int i = 0; i < width; ++i) square[i] = load(from + (r + i) * from_stride + c);
            transpose_from<1>(square);
            for (int i = 0; i < width; ++i) store(to + (c + i) * to_stride + r, square[i]);
        }
        for (; c < columns; ++c)
            for (int i = 0; i < width; ++i) to[c * to_stride + r + i] = from[(r + i) * from_stride + c];
    }
    for (; r < rows; ++r)
        for (std::int64_t c = 0; c < columns; ++c) to[c * to_stride + r] = from[r * from_stride + c];
}

}  // namespace

}  // namespace labhost::kernels
