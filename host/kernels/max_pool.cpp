#include "kernels/max_pool.hpp"

#include <algorithm>

namespace labhost::kernels {

namespace {

constexpr std::int64_t width_of_vector = 4;  // rows of pooled images are short

using Floats [[gnu::vector_size(16)]] = float;
using Integers [[gnu::vector_size(16)]] = std::int32_t;
using Longs [[gnu::vector_size(32)]] = std::int64_t;
using FloatsInMemory [[gnu::vector_size(16), gnu::aligned(4), gnu::may_alias]] = float;
using LongsInMemory [[gnu::vector_size(32), gnu::aligned(8), gnu::may_alias]] = std::int64_t;

Floats load(const float* from) { return *reinterpret_cast<const FloatsInMemory*>(from); }
void store(float* to, const Floats& value) { *reinterpret_cast<FloatsInMemory*>(to) = value; }

/// The largest so far, and where it is.
template <class Value, class Index>
struct Maximum {
    Value value;
    Index index;

    void consider(const Value& other, const Index& at) {
        const auto takes_over = (other > value) | (other != other);
        value = takes_over ? other : value;
        index = takes_over ? at : index;
    }
};

struct Row {
    const float* upper;
    const float* lower;
    std::int64_t at;     ///< of upper[0] in its plane
    std::int64_t width;  ///< of an input row
};

void pool_one(const Row& row, std::int64_t x, float* output, std::int64_t* indices) {
    Maximum<float, std::int64_t> maximum{row.upper[2 * x], row.at + 2 * x};
    maximum.consider(row.upper[2 * x + 1], row.at + 2 * x + 1);
    maximum.consider(row.lower[2 * x], row.at + row.width + 2 * x);
    maximum.consider(row.lower[2 * x + 1], row.at + row.width + 2 * x + 1);
    output[x] = maximum.value;
    indices[x] = maximum.index;
}

void pool_four(const Row& row, std::int64_t x, float* output, std::int64_t* indices) {
    const Floats a = load(row.upper + 2 * x);
    const Floats b = load(row.upper + 2 * x + width_of_vector);
    const Floats c = load(row.lower + 2 * x);
    const Floats d = load(row.lower + 2 * x + width_of_vector);
    const Integers first = static_cast<std::int32_t>(row.at + 2 * x) + Integers{0, 2, 4, 6};
    const auto below = static_cast<std::int32_t>(row.width);
    Maximum<Floats, Integers> maximum{__builtin_shufflevector(a, b, 0, 2, 4, 6), first};
    maximum.consider(__builtin_shufflevector(a, b, 1, 3, 5, 7), first + 1);
    maximum.consider(__builtin_shufflevector(c, d, 0, 2, 4, 6), first + below);
    maximum.consider(__builtin_shufflevector(c, d, 1, 3, 5, 7), first + below + 1);
    store(output + x, maximum.value);
    *reinterpret_cast<LongsInMemory*>(indices + x) = __builtin_convertvector(maximum.index, Longs);
}

/// The gradient goes to where the maximum was. Adding zero makes -0 a 0, as adding to a cleared tensor does.
void spread_one(float gradient, std::int64_t index, std::int64_t at, std::int64_t width, float* upper, float* lower) {
    upper[0] = upper[1] = lower[0] = lower[1] = 0.0F;
    float* row = index - at < width ? upper : lower;
    row[index - at < width ? index - at : index - at - width] = gradient + 0.0F;
}

void spread_four(const float* gradients, const std::int64_t* indices, std::int64_t at, std::int64_t width, float* upper,
                 float* lower) {
    const Floats gradient = load(gradients) + 0.0F;
    const Integers index = __builtin_convertvector(*reinterpret_cast<const LongsInMemory*>(indices), Integers) -
                           (static_cast<std::int32_t>(at) + Integers{0, 2, 4, 6});
    const auto below = static_cast<std::int32_t>(width);
    const auto where = [&](std::int32_t place) { return index == place ? gradient : Floats{}; };
    const Floats a = where(0);
    const Floats b = where(1);
    const Floats c = where(below);
    const Floats d = where(below + 1);
    store(upper, __builtin_shufflevector(a, b, 0, 4, 1, 5));
    store(upper + width_of_vector, __builtin_shufflevector(a, b, 2, 6, 3, 7));
    store(lower, __builtin_shufflevector(c, d, 0, 4, 1, 5));
    store(lower + width_of_vector, __builtin_shufflevector(c, d, 2, 6, 3, 7));
}

}  // namespace

void max_pool_2x2(std::int64_t planes, std::int64_t height, std::int64_t width, const float* input, float* output,
                  std::int64_t* indices) {
    const std::int64_t outputs = width / 2;
    for (std::int64_t plane = 0; plane < planes; ++plane, input += height * width) {
        for (std::int64_t y = 0; y < height / 2; ++y, output += outputs, indices += outputs) {
            const float* upper = input + 2 * y * width;
            const Row row{.upper = upper, .lower = upper + width, .at = 2 * y * width, .width = width};
            std::int64_t x = 0;
            for (; x + width_of_vector <= outputs; x += width_of_vector) pool_four(row, x, output, indices);
            for (; x < outputs; ++x) pool_one(row, x, output, indices);
        }
    }
}

void max_pool_2x2_backward(std::int64_t planes, std::int64_t height, std::int64_t width, const float* grad_output,
                           const std::int64_t* indices, float* grad_input) {
    const std::int64_t outputs = width / 2;
    for (std::int64_t plane = 0; plane < planes; ++plane, grad_input += height * width) {
        for (std::int64_t y = 0; y < height / 2; ++y, grad_output += outputs, indices += outputs) {
            const std::int64_t at = 2 * y * width;
            float* upper = grad_input + at;
            float* lower = upper + width;
            std::int64_t x = 0;
            for (; x + width_of_vector <= outputs; x += width_of_vector)
                spread_four(grad_output + x, indices + x, at + 2 * x, width, upper + 2 * x, lower + 2 * x);
            for (; x < outputs; ++x)
                spread_one(grad_output[x], indices[x], at + 2 * x, width, upper + 2 * x, lower + 2 * x);
            if (width % 2 != 0) upper[width - 1] = lower[width - 1] = 0.0F;
        }
        if (height % 2 != 0) std::fill_n(grad_input + (height - 1) * width, width, 0.0F);
    }
}

}  // namespace labhost::kernels
