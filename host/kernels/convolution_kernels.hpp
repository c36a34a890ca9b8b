// The convolution kernels for vectors of `width` floats; included once for each instruction set, by a file that is
// compiled for it and defines LABHOST_VECTOR_WIDTH and the sizes of the blocks that its registers hold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels/convolution.hpp"
#include "kernels/vectors.hpp"

namespace labhost::kernels {

// Everything has internal linkage: the same template compiled for another instruction set is another function.
namespace {

constexpr int most_channels = LABHOST_CHANNEL_BLOCK;  // of sums in registers, times two vectors of images
constexpr int tile = LABHOST_WEIGHT_TILE;             // tile^2 sums in registers, for the weights' gradient
constexpr std::int64_t block = 2 * width;

/// Sums for as many channels and vectors of images.
template <int channels, int vectors>
struct Sums {
    Vectors<vectors> channel[channels];
    Vectors<vectors>& operator[](int i) { return channel[i]; }
};

// ---- sums over channels and taps, for one position and a block of channels

/// A position of the kernel: where it reads its image and its weights, in floats from those of its channel.
struct Tap {
    std::int64_t image;
    std::int64_t weight;
};

template <int channels, int vectors>
void add_taps(Sums<channels, vectors>& sums, std::int64_t from_channels, const float* image, std::int64_t image_stride,
              const float* weight, std::int64_t weight_stride, const Tap* taps, std::int64_t tap_count) {
    Sums<channels, vectors> s = sums;
    for (std::int64_t channel = 0; channel < from_channels; ++channel) {
        for (const Tap* tap = taps; tap != taps + tap_count; ++tap) {
            const float* x = image + tap->image;
            const float* w = weight + tap->weight;
            Vectors<vectors> pixel;
            for (int v = 0; v < vectors; ++v) pixel[v] = load(x + v * width);
            for (int c = 0; c < channels; ++c)
                for (int v = 0; v < vectors; ++v) s[c][v] += w[c] * pixel[v];
        }
        image += image_stride;
        weight += weight_stride;
    }
    sums = s;
}

/// `count` channels as few blocks as possible, all but the last of one size.
struct Blocks {
    explicit Blocks(std::int64_t all, std::int64_t most) : count(all) {
        const std::int64_t blocks = (all + most - 1) / most;
        size = (all + blocks - 1) / blocks;
    }
    std::int64_t count;
    std::int64_t size;
};

/// weight, indexed by the two strides given and the tap, to [block][from channel][tap][channel of the block].
void pack(const Blocks& to, std::int64_t to_stride, std::int64_t from_channels, std::int64_t from_stride,
          std::int64_t taps, const float* weight, float* packed) {
    for (std::int64_t first = 0; first < to.count; first += to.size) {
        const std::int64_t channels = std::min(to.size, to.count - first);
        for (std::int64_t from = 0; from < from_channels; ++from)
            for (std::int64_t tap = 0; tap < taps; ++tap)
                for (std::int64_t channel = first; channel < first + channels; ++channel)
                    *packed++ = weight[channel * to_stride + from * from_stride + tap];
    }
}

/// Calls f<n>() for the run-time `n` in 1 .. most.
template <int most, class Function>
void with_constant(std::int64_t n, const Function& function) {
    const auto call = [&]<int i>(std::integral_constant<int, i>) {
        if (n == i) function.template operator()<i>();
    };
    [&]<int... i>(std::integer_sequence<int, i...>) { (call(std::integral_constant<int, i + 1>()), ...); }
    (std::make_integer_sequence<int, most>());
}

// ---- the layouts of one block of images: [channel][row][column][image]

struct Layout {
    explicit Layout(const ConvolutionShape& shape, std::int64_t images)
        : lanes(images <= width ? width : block),
          padded_height(shape.in_height + 2 * shape.padding_height),
          padded_width(shape.in_width + 2 * shape.padding_width) {}

    std::int64_t lanes;  ///< images, with those that fill up the vectors
    std::int64_t padded_height;
    std::int64_t padded_width;
    std::int64_t in_channel() const { return padded_height * padded_width * lanes; }
};

std::int64_t padded_inputs(const ConvolutionShape& s) {
    return s.in_channels * (s.in_height + 2 * s.padding_height) * (s.in_width + 2 * s.padding_width);
}

/// Input with a border of zeros; the lanes of images that are not there are zero as well.
void lay_out_input(const ConvolutionShape& s, const Layout& layout, std::int64_t images, const float* input,
                   float* to) {
    const bool padded = s.padding_height != 0 || s.padding_width != 0;
    if (padded || images < layout.lanes)
        std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(padded_inputs(s) * layout.lanes));
    if (!padded) return transpose(images, s.inputs(), input, s.inputs(), to, layout.lanes);
    for (std::int64_t c = 0; c < s.in_channels; ++c)
        for (std::int64_t y = 0; y < s.in_height; ++y)
            transpose(images, s.in_width, input + (c * s.in_height + y) * s.in_width, s.inputs(),
                      to + c * layout.in_channel() +
                          ((y + s.padding_height) * layout.padded_width + s.padding_width) * layout.lanes,
                      layout.lanes);
}

// ---- forward

template <int channels, int vectors>
void forward_channels(const ConvolutionShape& s, const Layout& layout, const float* input, const float* weight,
                      const float* bias, const Tap* taps, float* output) {
    const std::int64_t tap_count = s.kernel_height * s.kernel_width;
    for (std::int64_t y = 0; y < s.out_height; ++y) {
        for (std::int64_t x = 0; x < s.out_width; ++x) {
            Sums<channels, vectors> sums;
            for (int c = 0; c < channels; ++c)
                for (int v = 0; v < vectors; ++v) sums[c][v] = splat(bias == nullptr ? 0.0F : bias[c]);
            add_taps(sums, s.in_channels,
                     input + (y * s.stride_height * layout.padded_width + x * s.stride_width) * layout.lanes,
                     layout.in_channel(), weight, tap_count * channels, taps, tap_count);
            for (int c = 0; c < channels; ++c)
                for (int v = 0; v < vectors; ++v)
                    store(output + ((c * s.out_height + y) * s.out_width + x) * layout.lanes + v * width, sums[c][v]);
        }
    }
}

std::int64_t scratch(const ConvolutionShape& s) {
    const std::int64_t taps =
        2 * s.kernel_height * s.kernel_width * static_cast<std::int64_t>(sizeof(Tap) / sizeof(float));
    return 2 * block * (padded_inputs(s) + s.outputs()) + taps + 4 * width;
}

void pack_forward(const ConvolutionShape& s, const float* weight, float* packed) {
    const std::int64_t taps = s.kernel_height * s.kernel_width;
    pack(Blocks(s.out_channels, most_channels), s.in_channels * taps, s.in_channels, taps, taps, weight, packed);
}

/// Memory to work in, handed out piece by piece.
class Scratch {
public:
    explicit Scratch(float* memory) : memory_(memory) {}
    float* take(std::int64_t floats) { return std::exchange(memory_, memory_ + (floats + width - 1) / width * width); }
    Tap* take_taps(const ConvolutionShape& s) {
        return reinterpret_cast<Tap*>(
            take(s.kernel_height * s.kernel_width * static_cast<std::int64_t>(sizeof(Tap) / sizeof(float))));
    }

private:
    float* memory_;
};

void forward(const ConvolutionShape& s, std::int64_t images, const float* input, const float* packed, const float* bias,
             float* output, float* memory) {
    const Layout layout(s, images);
    Scratch scratch(memory);
    float* in = scratch.take(padded_inputs(s) * layout.lanes);
    float* out = scratch.take(s.outputs() * layout.lanes);
    Tap* taps = scratch.take_taps(s);
    lay_out_input(s, layout, images, input, in);

    const Blocks blocks(s.out_channels, most_channels);
    const std::int64_t tap_count = s.kernel_height * s.kernel_width;
    for (std::int64_t first = 0; first < s.out_channels; first += blocks.size) {
        const std::int64_t channels = std::min(blocks.size, s.out_channels - first);
        for (std::int64_t t = 0; t < tap_count; ++t)
            taps[t] = {
                (t / s.kernel_width * s.dilation_height * layout.padded_width + t % s.kernel_width * s.dilation_width) *
                    layout.lanes,
                t * channels};
        with_constant<most_channels>(channels, [&]<int c>() {
            const auto kernel = layout.lanes == block ? &forward_channels<c, 2> : &forward_channels<c, 1>;
            kernel(s, layout, in, packed + first * s.in_channels * tap_count, bias == nullptr ? nullptr : bias + first,
                   taps, out + first * s.out_height * s.out_width * layout.lanes);
        });
    }
    transpose(s.outputs(), images, out, layout.lanes, output, s.outputs());
}

// ---- backward

/// The taps that join position `at` of an input's axis with outputs: calls `each(tap, output)`.
template <class Each>
void for_taps(std::int64_t at, std::int64_t kernel, std::int64_t stride, std::int64_t padding, std::int64_t dilation,
              std::int64_t outputs, const Each& each) {
    for (std::int64_t k = 0; k < kernel; ++k) {
        const std::int64_t from = at + padding - k * dilation;
        if (from >= 0 && from % stride == 0 && from / stride < outputs) each(k, from / stride);
    }
}

template <int channels, int vectors>
void input_gradient_channels(const ConvolutionShape& s, const Layout& layout, const float* grad_output,
                             const float* weight, Tap* taps, float* grad_input) {
    for (std::int64_t y = 0; y < s.in_height; ++y) {
        for (std::int64_t x = 0; x < s.in_width; ++x) {
            std::int64_t tap_count = 0;
            for_taps(y, s.kernel_height, s.stride_height, s.padding_height, s.dilation_height, s.out_height,
                     [&](std::int64_t row, std::int64_t out_y) {
                         for_taps(x, s.kernel_width, s.stride_width, s.padding_width, s.dilation_width, s.out_width,
                                  [&](std::int64_t column, std::int64_t out_x) {
                                      taps[tap_count++] = {(out_y * s.out_width + out_x) * layout.lanes,
                                                           (row * s.kernel_width + column) * channels};
                                  });
                     });
            Sums<channels, vectors> sums{};
            add_taps(sums, s.out_channels, grad_output, s.out_height * s.out_width * layout.lanes, weight,
                     s.kernel_height * s.kernel_width * channels, taps, tap_count);
            for (int c = 0; c < channels; ++c)
                for (int v = 0; v < vectors; ++v)
                    store(grad_input + ((c * s.in_height + y) * s.in_width + x) * layout.lanes + v * width, sums[c][v]);
        }
    }
}

void pack_backward(const ConvolutionShape& s, const float* weight, float* packed) {
    const std::int64_t taps = s.kernel_height * s.kernel_width;
    pack(Blocks(s.in_channels, most_channels), taps, s.out_channels, s.in_channels * taps, taps, weight, packed);
}

void input_gradient(const ConvolutionShape& s, const Layout& layout, const float* grad_output, const float* packed,
                    Tap* taps, float* grad_input) {
    const Blocks blocks(s.in_channels, most_channels);
    for (std::int64_t first = 0; first < s.in_channels; first += blocks.size) {
        const std::int64_t channels = std::min(blocks.size, s.in_channels - first);
        with_constant<most_channels>(channels, [&]<int c>() {
            const auto kernel = layout.lanes == block ? &input_gradient_channels<c, 2> : &input_gradient_channels<c, 1>;
            kernel(s, layout, grad_output, packed + first * s.out_channels * s.kernel_height * s.kernel_width, taps,
                   grad_input + first * s.in_height * s.in_width * layout.lanes);
        });
    }
}

template <int step = width / 2>
float sum_of(Vector v) {
    if constexpr (step == 0) {
        return v[0];
    } else {
        constexpr auto lanes = std::make_index_sequence<width>();
        return sum_of<step / 2>(v + exchange<step, true>(v, v, lanes));
    }
}

/// Adds to grad_weight[c * weight_stride + t] the products of `channels` channels of the output's gradient and `taps`
/// places in one input channel.
template <int channels, int taps>
void add_weight_gradient(const ConvolutionShape& s, const Layout& layout, const float* grad_output, const float* input,
                         const Tap* tap, float* grad_weight, std::int64_t weight_stride) {
    Sums<channels, taps> sums{};
    const std::int64_t out_channel = s.out_height * s.out_width * layout.lanes;
    for (std::int64_t y = 0; y < s.out_height; ++y) {
        const float* g = grad_output + y * s.out_width * layout.lanes;
        const float* row = input + y * s.stride_height * layout.padded_width * layout.lanes;
        for (std::int64_t x = 0; x < s.out_width; ++x) {
            for (std::int64_t v = 0; v < layout.lanes; v += width) {
                Vectors<taps> pixel;
                for (int t = 0; t < taps; ++t)
                    pixel[t] = load(row + (x * s.stride_width) * layout.lanes + v + tap[t].image);
                for (int c = 0; c < channels; ++c) {
                    const Vector gradient = load(g + c * out_channel + x * layout.lanes + v);
                    for (int t = 0; t < taps; ++t) sums[c][t] += gradient * pixel[t];
                }
            }
        }
    }
    for (int c = 0; c < channels; ++c)
        for (int t = 0; t < taps; ++t) grad_weight[c * weight_stride + t] += sum_of(sums[c][t]);
}

void weight_gradient(const ConvolutionShape& s, const Layout& layout, const float* grad_output, const float* input,
                     Tap* taps, float* grad_weight) {
    const std::int64_t tap_count = s.kernel_height * s.kernel_width;
    for (std::int64_t t = 0; t < tap_count; ++t)
        taps[t].image =
            (t / s.kernel_width * s.dilation_height * layout.padded_width + t % s.kernel_width * s.dilation_width) *
            layout.lanes;
    const Blocks channel_blocks(s.out_channels, tile);
    const Blocks tap_blocks(tap_count, tile);
    for (std::int64_t first = 0; first < s.out_channels; first += channel_blocks.size) {
        const std::int64_t channels = std::min(channel_blocks.size, s.out_channels - first);
        for (std::int64_t from = 0; from < s.in_channels; ++from) {
            for (std::int64_t t = 0; t < tap_count; t += tap_blocks.size) {
                with_constant<tile>(channels, [&]<int c>() {
                    with_constant<tile>(std::min(tap_blocks.size, tap_count - t), [&]<int n>() {
                        add_weight_gradient<c, n>(
                            s, layout, grad_output + first * s.out_height * s.out_width * layout.lanes,
                            input + from * layout.in_channel(), taps + t,
                            grad_weight + (first * s.in_channels + from) * tap_count + t, s.in_channels * tap_count);
                    });
                });
            }
        }
    }
}

void bias_gradient(const ConvolutionShape& s, const Layout& layout, const float* grad_output, float* grad_bias) {
    const std::int64_t count = s.out_height * s.out_width * layout.lanes;
    for (std::int64_t channel = 0; channel < s.out_channels; ++channel) {
        Vector sum{};
        for (std::int64_t i = 0; i < count; i += width) sum += load(grad_output + channel * count + i);
        grad_bias[channel] += sum_of(sum);
    }
}

void backward(const ConvolutionShape& s, std::int64_t images, const float* input, const float* grad_output,
              const float* packed, const ConvolutionGradients& gradients, float* memory) {
    const Layout layout(s, images);
    Scratch scratch(memory);
    float* grad_out = scratch.take(s.outputs() * layout.lanes);
    Tap* taps = scratch.take_taps(s);
    if (images < layout.lanes)
        std::memset(grad_out, 0, sizeof(float) * static_cast<std::size_t>(s.outputs() * layout.lanes));
    transpose(images, s.outputs(), grad_output, s.outputs(), grad_out, layout.lanes);
    if (gradients.bias != nullptr) bias_gradient(s, layout, grad_out, gradients.bias);
    if (gradients.weight != nullptr) {
        float* in = scratch.take(padded_inputs(s) * layout.lanes);
        lay_out_input(s, layout, images, input, in);
        weight_gradient(s, layout, grad_out, in, taps, gradients.weight);
    }
    if (gradients.input != nullptr) {
        float* grad_in = scratch.take(s.inputs() * layout.lanes);
        input_gradient(s, layout, grad_out, packed, taps, grad_in);
        transpose(s.inputs(), images, grad_in, layout.lanes, gradients.input, s.inputs());
    }
}

}  // namespace

}  // namespace labhost::kernels
