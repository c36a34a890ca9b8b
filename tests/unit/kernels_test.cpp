// The operators that are replaced: max-pooling has LibTorch's bits; convolution and the optimizer's step have its
// values.
#include <cstring>
#include <limits>

#include <ATen/ops/max_pool2d_with_indices_backward_cpu_dispatch.h>
#include <ATen/ops/max_pool2d_with_indices_cpu_dispatch.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "engine/cpu_operators.hpp"
#include "kernels/convolution.hpp"
#include "support/machine.hpp"

namespace labhost {
namespace {

using torch::Tensor;

bool same_bits(const Tensor& a, const Tensor& b) {
    return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() &&
           std::memcmp(a.contiguous().data_ptr(), b.contiguous().data_ptr(), a.nbytes()) == 0;
}

// ---- max-pooling

void expect_the_pool_of_libtorch(const Tensor& input) {
    const CpuOperators operators(/*fast=*/false);
    const auto [output, indices] = at::max_pool2d_with_indices(input, {2, 2}, {2, 2});
    const auto [expected, expected_indices] = at::cpu::max_pool2d_with_indices(input, {2, 2}, {2, 2});
    EXPECT_TRUE(same_bits(output, expected)) << input.sizes();
    EXPECT_TRUE(same_bits(indices, expected_indices)) << input.sizes();
    Tensor gradient = torch::randn_like(output);
    gradient.flatten()[0] = -0.0F;
    EXPECT_TRUE(same_bits(
        at::max_pool2d_with_indices_backward(gradient, input, {2, 2}, {2, 2}, {0, 0}, {1, 1}, false, indices),
        at::cpu::max_pool2d_with_indices_backward(gradient, input, {2, 2}, {2, 2}, {0, 0}, {1, 1}, false, indices)))
        << input.sizes();
}

TEST(MaxPool, HasTheBitsOfLibTorchForEveryShape) {
    torch::manual_seed(1);
    for (const std::vector<std::int64_t>& shape : std::vector<std::vector<std::int64_t>>{
             {64, 20, 24, 24}, {3, 50, 8, 8}, {1, 1, 2, 2}, {2, 3, 7, 9}, {2, 3, 9, 2}, {5, 6, 17}, {1, 2, 3, 31}})
        expect_the_pool_of_libtorch(torch::randn(shape));
}

TEST(MaxPool, TakesTheFirstOfEqualsAndTheLastNan) {
    torch::manual_seed(2);
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const Tensor few = torch::randint(0, 5, {4, 3, 18, 22});
    const Tensor values = torch::tensor({0.0F, -0.0F, -infinity, std::numeric_limits<float>::quiet_NaN(), 1.0F});
    expect_the_pool_of_libtorch(values.index_select(0, few.flatten()).view(few.sizes()));
    expect_the_pool_of_libtorch(torch::full({1, 1, 4, 16}, -infinity));
}

TEST(MaxPool, OfOtherWindowsIsLibTorchsOwn) {
    torch::manual_seed(3);
    const Tensor input = torch::randn({2, 3, 11, 13});
    const CpuOperators operators(/*fast=*/true);
    EXPECT_TRUE(same_bits(std::get<0>(at::max_pool2d_with_indices(input, {3, 3}, {2, 2}, {1, 1})),
                          std::get<0>(at::cpu::max_pool2d_with_indices(input, {3, 3}, {2, 2}, {1, 1}))));
    EXPECT_TRUE(same_bits(at::max_pool2d(input, 2, 2, 0, 1, /*ceil_mode=*/true),
                          std::get<0>(at::cpu::max_pool2d_with_indices(input, {2, 2}, {2, 2}, {0, 0}, {1, 1}, true))));
    const Tensor last = input.contiguous(at::MemoryFormat::ChannelsLast);
    EXPECT_TRUE(torch::equal(at::max_pool2d(last, 2, 2), at::max_pool2d(input, 2, 2)));
    EXPECT_ANY_THROW(at::max_pool2d(input, 0, 2));
    EXPECT_ANY_THROW(at::max_pool2d(torch::randn({1, 1}), 2, 2));
}

// ---- convolution

struct Case {
    std::int64_t images, in, height, width, out, kernel, stride = 1, padding = 0, dilation = 1;
};

const std::vector<Case> cases{
    {64, 1, 28, 28, 20, 5}, {64, 20, 12, 12, 50, 5}, {37, 3, 9, 11, 7, 3, 2, 1, 1}, {10, 13, 11, 8, 23, 3, 1, 2, 2},
    {33, 4, 6, 6, 13, 1},   {8, 2, 5, 5, 1, 5},      {70, 5, 7, 7, 61, 2, 3, 1, 1}, {16, 1, 4, 4, 3, 3, 1, 4, 1},
};

using Values = std::vector<Tensor>;

/// Output, and gradients of input, weight and bias.
Values convolve(const Case& c, torch::ScalarType type) {
    torch::manual_seed(4);
    const auto draw = [&](const std::vector<std::int64_t>& shape) {
        return torch::randn(shape, torch::kFloat64).to(type).requires_grad_();
    };
    const Tensor input = draw({c.images, c.in, c.height, c.width});
    const Tensor weight = draw({c.out, c.in, c.kernel, c.kernel});
    const Tensor bias = draw({c.out});
    const Tensor output = torch::conv2d(input, weight, bias, c.stride, c.padding, c.dilation);
    Values values = torch::autograd::grad({output}, {input, weight, bias}, {draw(output.sizes().vec())});
    values.insert(values.begin(), output.detach());
    return values;
}

/// The largest difference, relative to the largest value.
double error_of(const Tensor& found, const Tensor& exact) {
    return ((found.to(torch::kFloat64) - exact).abs().max() / exact.abs().max()).item<double>();
}

/// As near to the values in double precision as LibTorch's own float32, up to the luck of rounding.
TEST(FastConvolution, HasTheValuesOfLibTorch) {
    if (kernels::convolution_kernels() == nullptr) GTEST_SKIP() << "no kernels for this processor";
    for (const Case& c : cases) {
        const Values exact = convolve(c, torch::kFloat64);
        const Values theirs = convolve(c, torch::kFloat32);
        const CpuOperators operators(/*fast=*/true);
        const Values ours = convolve(c, torch::kFloat32);
        for (std::size_t i = 0; i < exact.size(); ++i)
            EXPECT_LT(error_of(ours[i], exact[i]), 1e-6 + 5 * error_of(theirs[i], exact[i]))
                << "value " << i << " with " << c.in << " to " << c.out << " channels, kernel " << c.kernel;
        EXPECT_FALSE(c.in == 20 && same_bits(ours[2], theirs[2])) << "it was LibTorch's own that ran";
    }
}

/// With every set of kernels that this processor can run, not only the one that is chosen.
TEST(FastConvolution, GivesTheSameBitsPerImageInEveryBlockOfABatch) {
    if (kernels::convolution_kernels() == nullptr) GTEST_SKIP() << "no kernels for this processor";
    std::vector<const kernels::ConvolutionKernels*> sets{&kernels::convolution_avx2};
    if (instruction_set() == "avx512") sets.push_back(&kernels::convolution_avx512);
    const kernels::ConvolutionShape shape{.in_channels = 3,
                                          .in_height = 9,
                                          .in_width = 8,
                                          .out_channels = 7,
                                          .out_height = 5,
                                          .out_width = 4,
                                          .kernel_height = 3,
                                          .kernel_width = 3,
                                          .stride_height = 2,
                                          .stride_width = 2,
                                          .padding_height = 1,
                                          .padding_width = 1,
                                          .dilation_height = 1,
                                          .dilation_width = 1};
    torch::manual_seed(5);
    const Tensor input = torch::randn({64, 3, 9, 8});
    const Tensor weight = torch::randn({7, 3, 3, 3});
    const Tensor bias = torch::randn({7});
    const Tensor expected = torch::conv2d(input, weight, bias, 2, 1);
    for (const auto* set : sets) {
        const Tensor packed = torch::empty({shape.weights()});
        const Tensor scratch = torch::empty({set->scratch(shape)});
        set->pack_forward(shape, weight.data_ptr<float>(), packed.data_ptr<float>());
        const auto run = [&](std::int64_t first, std::int64_t images) {
            Tensor output = torch::empty({images, 7, 5, 4});
            set->forward(shape, images, input.data_ptr<float>() + first * shape.inputs(), packed.data_ptr<float>(),
                         bias.data_ptr<float>(), output.data_ptr<float>(), scratch.data_ptr<float>());
            return output;
        };
        const Tensor whole = run(0, set->block);
        EXPECT_TRUE(torch::allclose(whole, expected.narrow(0, 0, set->block), 1e-5, 1e-5));
        for (std::int64_t i = 0; i < set->block; ++i) EXPECT_TRUE(same_bits(run(i, 1), whole.narrow(0, i, 1)));
    }
}

TEST(FastConvolution, DoesNotDependOnTheNumberOfThreads) {
    torch::manual_seed(6);
    const CpuOperators operators(/*fast=*/true);
    const Tensor x = torch::randn({150, 6, 10, 10}).requires_grad_();
    const Tensor w = torch::randn({9, 6, 3, 3}).requires_grad_();
    const auto results = [&](int threads) {
        at::set_num_threads(threads);
        const Tensor y = torch::conv2d(x, w);
        auto all = torch::autograd::grad({y.square().sum()}, {x, w});
        all.push_back(y.detach());
        return all;
    };
    const auto one = results(1);
    const auto two = results(2);
    ASSERT_EQ(one.size(), 3U);
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(same_bits(one[i], two[i])) << i;
}

TEST(FastConvolution, LeavesTheRestToLibTorch) {
    torch::manual_seed(7);
    const Tensor few = torch::randn({3, 4, 8, 8});
    const Tensor many = torch::randn({32, 4, 8, 8});
    const Tensor weight = torch::randn({6, 4, 3, 3});
    const Tensor grouped = torch::randn({8, 2, 3, 3});
    const std::vector<std::int64_t> one{1, 1};
    const std::vector<std::int64_t> no_padding{0, 0};
    const Tensor transposed = torch::randn({4, 5, 3, 3});
    const auto all = [&] {
        return std::vector<Tensor>{
            torch::conv2d(few, weight), torch::conv2d(many, grouped, Tensor(), one, no_padding, one, /*groups=*/2),
            torch::conv_transpose2d(many, transposed), torch::conv1d(torch::ones({32, 4, 20}), torch::ones({6, 4, 3}))};
    };
    const auto expected = all();
    {
        const CpuOperators operators(/*fast=*/true);
        const auto found = all();
        for (std::size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(same_bits(found[i], expected[i])) << i;
        EXPECT_ANY_THROW(torch::conv2d(many, torch::randn({6, 4, 9, 9}))) << "a kernel larger than its image";
        EXPECT_ANY_THROW(torch::conv2d(many, torch::randn({6, 5, 3, 3}))) << "another number of channels";
    }
    const Tensor own = torch::conv2d(many, weight);
    const CpuOperators operators(/*fast=*/false);
    EXPECT_TRUE(same_bits(torch::conv2d(many, weight), own)) << "numerics = \"pytorch\" leaves convolution alone";
}

}  // namespace
}  // namespace labhost
