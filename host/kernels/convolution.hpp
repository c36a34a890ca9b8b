// Two-dimensional convolution on the CPU, vectorised over the images of a batch.
#pragma once

#include <cstdint>

namespace labhost::kernels {

/// Sizes of a convolution with one group, in elements.
struct ConvolutionShape {
    std::int64_t in_channels, in_height, in_width;
    std::int64_t out_channels, out_height, out_width;
    std::int64_t kernel_height, kernel_width;
    std::int64_t stride_height, stride_width;
    std::int64_t padding_height, padding_width;
    std::int64_t dilation_height, dilation_width;

    std::int64_t inputs() const { return in_channels * in_height * in_width; }      ///< of an image
    std::int64_t outputs() const { return out_channels * out_height * out_width; }  ///< of an image
    std::int64_t weights() const { return out_channels * in_channels * kernel_height * kernel_width; }
};

/// The gradients that are asked for: those that are not null. Weight's and bias's are added to.
struct ConvolutionGradients {
    float* input = nullptr;   ///< [n, in_channels, in_height, in_width]
    float* weight = nullptr;  ///< [out_channels, in_channels, kernel_height, kernel_width]
    float* bias = nullptr;    ///< [out_channels]
};

/// The kernels for one instruction set. Tensors are float32, contiguous, [n, channels, height, width]; memory that they
/// work in is the caller's, aligned to 64 bytes. They work on a block of images at a time, laid out with the images
/// innermost, so that a vector holds the same pixel of as many images: every shape of kernel and image fills it. Each
/// output is summed over channels, then rows, then columns of the kernel, in float32, whatever the batch.
struct ConvolutionKernels {
    std::int64_t block;  ///< images at most in one call of forward or backward

    /// Floats of memory to work in, for forward or backward of one block.
    std::int64_t (*scratch)(const ConvolutionShape& shape);
    /// weight [out_channels, in_channels, kernel_height, kernel_width] as forward wants it: as many floats.
    void (*pack_forward)(const ConvolutionShape& shape, const float* weight, float* packed);
    /// As backward wants it.
    void (*pack_backward)(const ConvolutionShape& shape, const float* weight, float* packed);
    /// bias: [out_channels], or null.
    void (*forward)(const ConvolutionShape& shape, std::int64_t images, const float* input, const float* packed,
                    const float* bias, float* output, float* scratch);
    void (*backward)(const ConvolutionShape& shape, std::int64_t images, const float* input, const float* grad_output,
                     const float* packed, const ConvolutionGradients& gradients, float* scratch);
};

/// The kernels for this processor's instruction_set(), or null if it has none.
const ConvolutionKernels* convolution_kernels();

extern const ConvolutionKernels convolution_avx2;
extern const ConvolutionKernels convolution_avx512;

}  // namespace labhost::kernels
