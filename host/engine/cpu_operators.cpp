#include "engine/cpu_operators.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/convolution_backward_native.h>
#include <ATen/ops/convolution_native.h>
#include <ATen/ops/max_pool2d_with_indices_backward_cpu_dispatch.h>
#include <ATen/ops/max_pool2d_with_indices_cpu_dispatch.h>
#include <c10/util/Exception.h>
#include <torch/torch.h>
#include <torch/version.h>

#include "kernels/convolution.hpp"
#include "kernels/max_pool.hpp"

namespace labhost {

namespace {

using at::IntArrayRef;
using at::Tensor;

bool is_plain(const Tensor& tensor) {
    return tensor.scalar_type() == at::kFloat && tensor.layout() == at::kStrided && tensor.device().is_cpu() &&
           tensor.is_contiguous() && tensor.numel() > 0;
}

/// Whether a list of one or two numbers, as LibTorch's operators take them, holds only this one.
bool all_are(IntArrayRef numbers, std::int64_t number) {
    return std::ranges::all_of(numbers, [=](std::int64_t n) { return n == number; });
}

// ---- max-pooling

/// Planes of [..., height, width].
struct Planes {
    explicit Planes(const Tensor& t)
        : height(t.size(-2)), width(t.size(-1)), count(t.numel() / (t.size(-2) * t.size(-1))) {}
    std::int64_t height;
    std::int64_t width;
    std::int64_t count;
};

bool is_pool_of_ours(const Tensor& self, IntArrayRef kernel, IntArrayRef stride, IntArrayRef padding,
                     IntArrayRef dilation, bool ceil_mode) {
    if (!is_plain(self) || (self.dim() != 3 && self.dim() != 4)) return false;
    const std::int64_t height = self.size(-2);
    const std::int64_t width = self.size(-1);
    return !kernel.empty() && all_are(kernel, 2) && all_are(stride, 2) && all_are(padding, 0) && all_are(dilation, 1) &&
           !ceil_mode && height >= 2 && width >= 2 && height <= 1 << 15 && width <= 1 << 15;
}

/// Calls `each(first plane, count)` on all threads.
template <class Each>
void for_planes(const Planes& planes, const Each& each) {
    const std::int64_t grain = std::max<std::int64_t>(1, 32768 / (planes.height * planes.width));
    at::parallel_for(0, planes.count, grain, [&](std::int64_t begin, std::int64_t end) { each(begin, end - begin); });
}

std::tuple<Tensor, Tensor> max_pool(const Tensor& self, IntArrayRef kernel, IntArrayRef stride, IntArrayRef padding,
                                    IntArrayRef dilation, bool ceil_mode) {
    if (!is_pool_of_ours(self, kernel, stride, padding, dilation, ceil_mode))
        return at::cpu::max_pool2d_with_indices(self, kernel, stride, padding, dilation, ceil_mode);
    const Planes planes(self);
    std::vector<std::int64_t> shape = self.sizes().vec();
    shape.end()[-2] /= 2;
    shape.end()[-1] /= 2;
    Tensor output = at::empty(shape, self.options());
    Tensor indices = at::empty(shape, self.options().dtype(at::kLong));
    const std::int64_t outputs = (planes.height / 2) * (planes.width / 2);
    const float* from = self.data_ptr<float>();
    auto* to = output.data_ptr<float>();
    auto* where = indices.data_ptr<std::int64_t>();
    for_planes(planes, [&](std::int64_t first, std::int64_t count) {
        kernels::max_pool_2x2(count, planes.height, planes.width, from + first * planes.height * planes.width,
                              to + first * outputs, where + first * outputs);
    });
    return {output, indices};
}

Tensor max_pool_backward(const Tensor& grad_output, const Tensor& self, IntArrayRef kernel, IntArrayRef stride,
                         IntArrayRef padding, IntArrayRef dilation, bool ceil_mode, const Tensor& indices) {
    if (!is_pool_of_ours(self, kernel, stride, padding, dilation, ceil_mode) || !is_plain(grad_output) ||
        !indices.is_contiguous())
        return at::cpu::max_pool2d_with_indices_backward(grad_output, self, kernel, stride, padding, dilation,
                                                         ceil_mode, indices);
    const Planes planes(self);
    Tensor grad_input = at::empty(self.sizes(), self.options());
    const std::int64_t outputs = (planes.height / 2) * (planes.width / 2);
    const float* from = grad_output.data_ptr<float>();
    const auto* where = indices.data_ptr<std::int64_t>();
    auto* to = grad_input.data_ptr<float>();
    for_planes(planes, [&](std::int64_t first, std::int64_t count) {
        kernels::max_pool_2x2_backward(count, planes.height, planes.width, from + first * outputs,
                                       where + first * outputs, to + first * planes.height * planes.width);
    });
    return grad_input;
}

// ---- convolution

/// A number for each axis, or one for both.
bool is_pair(IntArrayRef numbers) { return numbers.size() == 1 || numbers.size() == 2; }
std::int64_t of_axis(IntArrayRef numbers, std::size_t axis) { return numbers[numbers.size() == 1 ? 0 : axis]; }

/// Below this many images vectors of them are mostly empty.
constexpr std::int64_t fewest_images = 8;

bool is_convolution_of_ours(const Tensor& input, const Tensor& weight, IntArrayRef stride, IntArrayRef padding,
                            IntArrayRef dilation, bool transposed, std::int64_t groups) {
    return kernels::convolution_kernels() != nullptr && !transposed && groups == 1 && input.dim() == 4 &&
           weight.dim() == 4 && input.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
           input.layout() == at::kStrided && weight.layout() == at::kStrided && input.size(0) >= fewest_images &&
           input.size(1) == weight.size(1) && input.numel() > 0 && weight.numel() > 0 && is_pair(stride) &&
           is_pair(padding) && is_pair(dilation) && of_axis(padding, 0) >= 0 && of_axis(padding, 1) >= 0 &&
           of_axis(dilation, 0) > 0 && of_axis(dilation, 1) > 0;
}

/// Sizes that do not fit give an output without elements, and are left to LibTorch's own words.
kernels::ConvolutionShape shape_of(const Tensor& input, const Tensor& weight, IntArrayRef stride, IntArrayRef padding,
                                   IntArrayRef dilation) {
    const auto outputs = [&](std::size_t axis) {
        const auto i = static_cast<std::int64_t>(axis) + 2;
        const std::int64_t room =
            input.size(i) + 2 * of_axis(padding, axis) - of_axis(dilation, axis) * (weight.size(i) - 1) - 1;
        const std::int64_t step = of_axis(stride, axis);
        return room < 0 || step <= 0 ? 0 : room / step + 1;
    };
    return {.in_channels = input.size(1),
            .in_height = input.size(2),
            .in_width = input.size(3),
            .out_channels = weight.size(0),
            .out_height = outputs(0),
            .out_width = outputs(1),
            .kernel_height = weight.size(2),
            .kernel_width = weight.size(3),
            .stride_height = of_axis(stride, 0),
            .stride_width = of_axis(stride, 1),
            .padding_height = of_axis(padding, 0),
            .padding_width = of_axis(padding, 1),
            .dilation_height = of_axis(dilation, 0),
            .dilation_width = of_axis(dilation, 1)};
}

/// Calls `each(block, first image, images, scratch)` on all threads. Blocks do not depend on how many there are.
template <class Each>
void for_blocks(std::int64_t images, std::int64_t scratch_floats, const Each& each) {
    const std::int64_t size = kernels::convolution_kernels()->block;
    at::parallel_for(0, (images + size - 1) / size, 1, [&](std::int64_t begin, std::int64_t end) {
        const Tensor scratch = at::empty({scratch_floats}, at::kFloat);
        for (std::int64_t block = begin; block < end; ++block)
            each(block, block * size, std::min(size, images - block * size), scratch.data_ptr<float>());
    });
}

Tensor convolution(const Tensor& input_given, const Tensor& weight_given, const c10::optional<Tensor>& bias_given,
                   IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation, bool transposed,
                   IntArrayRef output_padding, std::int64_t groups) {
    const bool ours =
        is_convolution_of_ours(input_given, weight_given, stride, padding, dilation, transposed, groups) &&
        (!bias_given || !bias_given->defined() || bias_given->scalar_type() == at::kFloat);
    const auto shape =
        ours ? shape_of(input_given, weight_given, stride, padding, dilation) : kernels::ConvolutionShape{};
    if (!ours || shape.outputs() == 0)
        return at::native::convolution(input_given, weight_given, bias_given, stride, padding, dilation, transposed,
                                       output_padding, groups);
    const Tensor input = input_given.contiguous();
    const Tensor weight = weight_given.contiguous();
    const Tensor bias = bias_given && bias_given->defined() ? bias_given->contiguous() : Tensor();
    const auto& kernels = *kernels::convolution_kernels();

    const std::int64_t images = input.size(0);
    Tensor output = at::empty({images, shape.out_channels, shape.out_height, shape.out_width}, input.options());
    const Tensor packed = at::empty({shape.weights()}, at::kFloat);
    kernels.pack_forward(shape, weight.data_ptr<float>(), packed.data_ptr<float>());
    for_blocks(images, kernels.scratch(shape),
               [&](std::int64_t, std::int64_t first, std::int64_t count, float* scratch) {
                   kernels.forward(shape, count, input.data_ptr<float>() + first * shape.inputs(),
                                   packed.data_ptr<float>(), bias.defined() ? bias.data_ptr<float>() : nullptr,
                                   output.data_ptr<float>() + first * shape.outputs(), scratch);
               });
    return output;
}

std::tuple<Tensor, Tensor, Tensor> convolution_backward(const Tensor& grad_given, const Tensor& input_given,
                                                        const Tensor& weight_given, at::OptionalIntArrayRef bias_sizes,
                                                        IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation,
                                                        bool transposed, IntArrayRef output_padding,
                                                        std::int64_t groups, std::array<bool, 3> wanted) {
    if (!is_convolution_of_ours(input_given, weight_given, stride, padding, dilation, transposed, groups) ||
        grad_given.scalar_type() != at::kFloat)
        return at::native::convolution_backward(grad_given, input_given, weight_given, bias_sizes, stride, padding,
                                                dilation, transposed, output_padding, groups, wanted);
    const auto shape = shape_of(input_given, weight_given, stride, padding, dilation);
    const Tensor grad_output = grad_given.contiguous();
    const Tensor input = input_given.contiguous();
    const Tensor weight = weight_given.contiguous();
    const auto& kernels = *kernels::convolution_kernels();

    const std::int64_t images = input.size(0);
    const std::int64_t blocks = (images + kernels.block - 1) / kernels.block;
    Tensor grad_input = wanted[0] ? at::empty(input.sizes(), input.options()) : Tensor();
    // Each block has sums of its own, added up in their order, so that the number of threads changes nothing.
    const Tensor weight_sums = wanted[1] ? at::zeros({blocks, shape.weights()}, at::kFloat) : Tensor();
    const Tensor bias_sums = wanted[2] ? at::zeros({blocks, shape.out_channels}, at::kFloat) : Tensor();
    const Tensor packed = at::empty({shape.weights()}, at::kFloat);
    if (wanted[0]) kernels.pack_backward(shape, weight.data_ptr<float>(), packed.data_ptr<float>());
    for_blocks(images, kernels.scratch(shape),
               [&](std::int64_t block, std::int64_t first, std::int64_t count, float* scratch) {
                   kernels.backward(
                       shape, count, input.data_ptr<float>() + first * shape.inputs(),
                       grad_output.data_ptr<float>() + first * shape.outputs(), packed.data_ptr<float>(),
                       {.input = wanted[0] ? grad_input.data_ptr<float>() + first * shape.inputs() : nullptr,
                        .weight = wanted[1] ? weight_sums.data_ptr<float>() + block * shape.weights() : nullptr,
                        .bias = wanted[2] ? bias_sums.data_ptr<float>() + block * shape.out_channels : nullptr},
                       scratch);
               });
    return {grad_input, wanted[1] ? weight_sums.sum(0).view(weight.sizes()) : Tensor(),
            wanted[2] ? bias_sums.sum(0) : Tensor()};
}

#if TORCH_VERSION_MAJOR >= 2
using Guard = c10::WarningUtils::WarningHandlerGuard;
class NoWarnings final : public c10::WarningHandler {
    void process(const c10::Warning&) override {}
};
#else
using Guard = c10::Warning::WarningHandlerGuard;
class NoWarnings final : public c10::WarningHandler {
    void process(const c10::SourceLocation&, const std::string&, bool) override {}
};
#endif

torch::Library replace(bool fast) {
    NoWarnings handler;  // of kernels that are replaced, which is what is meant
    const Guard silence(&handler);
    torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
    library.impl("max_pool2d_with_indices", TORCH_FN(max_pool));
    library.impl("max_pool2d_with_indices_backward", TORCH_FN(max_pool_backward));
    if (fast) {
        library.impl("convolution", TORCH_FN(convolution));
        library.impl("convolution_backward", TORCH_FN(convolution_backward));
    }
    return library;
}

}  // namespace

CpuOperators::CpuOperators(bool fast) : library_(replace(fast)) {}

}  // namespace labhost
