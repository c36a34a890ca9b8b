#include "engine/rotation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/grid_sampler_2d.h>
#include <ATen/ops/tensor.h>

namespace labhost {

namespace {

/// To even where two are as near; below 2^22. A call of std::nearbyint for each pixel takes longer than all else.
float nearest(float number) {
    constexpr float no_fractions = 0x1.8p23F;
    return number + no_fractions - no_fractions;
}

}  // namespace

Rotation::Rotation(std::int64_t height, std::int64_t width)
    : height_(height),
      width_(width),
      sources_(static_cast<std::size_t>(height * width)),
      positions_(at::empty({1, height * width, 3}, at::kFloat)),
      half_sizes_(at::tensor(
          at::ArrayRef<double>({0.5 * static_cast<double>(width), 0.5 * static_cast<double>(height)}), at::kFloat)),
      numbers_(at::arange(1, height * width + 1, at::kFloat).view({1, 1, height, width})) {
    auto* position = positions_.data_ptr<float>();
    for (std::int64_t row = 0; row < height; ++row)
        for (std::int64_t column = 0; column < width; ++column) {
            *position++ = static_cast<float>(column) - static_cast<float>(width - 1) * 0.5F;
            *position++ = static_cast<float>(row) - static_cast<float>(height - 1) * 0.5F;
            *position++ = 1.0F;
        }
}

std::span<const std::int32_t> Rotation::sources(double degrees) {
    // As functional.py: of -angle, by Python's math.radians; its shear of 0 changes no bit of these.
    const double radians = -degrees * (std::numbers::pi / 180.0);
    const double cos = std::cos(radians);
    const double sin = std::sin(radians);
    if (!find_surely(cos, sin)) find_by_operators(cos, sin);
    return sources_;
}

/// torchvision computes in float32, with roundings that depend on LibTorch's BLAS and on the processor (are products
/// fused with sums?). Whichever they are, with u = 2^-24 and S = |cos x| + |sin y| <= (w + h) / 2 they move a column by
/// less than 8 u S (cos and sin, quotients by w / 2, products, sums) + u (1.5 w + 0.5) (from -1..1 back to pixels), and
/// those here move it by less than 4 u S + u (w + 0.5); rows alike. So where no coordinate is within 10 u (w + h) of
/// the middle between two pixels, the pixels are torchvision's.
/// False where one is: for 28 x 28, at one angle in fifty.
bool Rotation::find_surely(double cos, double sin) {
    const auto width = static_cast<float>(width_);
    const auto height = static_cast<float>(height_);
    const double sure = 0.5 - 10.0 * 0x1p-24 * static_cast<double>(width_ + height_);
    if (sure <= 0.0) return false;
    const auto farthest = static_cast<float>(sure);
    const auto columns = static_cast<std::int32_t>(width_);
    const auto cosine = static_cast<float>(cos);
    const auto sine = static_cast<float>(sin);
    for (std::int64_t y = 0; y < height_; ++y) {
        const double down = static_cast<double>(y) - 0.5 * static_cast<double>(height_ - 1);
        const auto middle_column = static_cast<float>(sin * down + 0.5 * static_cast<double>(width_ - 1));
        const auto middle_row = static_cast<float>(cos * down + 0.5 * static_cast<double>(height_ - 1));
        std::int32_t* source = sources_.data() + y * width_;
        // Written so that compilers make vectors of it: six times as fast.
        int unsure = 0;
        for (std::int32_t x = 0; x < columns; ++x) {
            const float right = static_cast<float>(x) - 0.5F * (width - 1.0F);
            const float column = middle_column + cosine * right;
            const float row = middle_row - sine * right;
            const float nearest_column = nearest(column);
            const float nearest_row = nearest(row);
            unsure |= (std::abs(column - nearest_column) >= farthest) | (std::abs(row - nearest_row) >= farthest);
            const std::int32_t inside =
                (nearest_column >= 0.0F) & (nearest_column < width) & (nearest_row >= 0.0F) & (nearest_row < height);
            const float number = static_cast<float>(inside) * (nearest_row * width + nearest_column + 1.0F);
            source[x] = static_cast<std::int32_t>(number) - 1;
        }
        if (unsure != 0) return false;
    }
    return true;
}

/// By the operators of torchvision's _functional_tensor.py (rotate, _gen_affine_grid, _apply_grid_transform), in its
/// layouts, which a BLAS may tell apart. What is sampled is which pixel it is; outside is 0.
void Rotation::find_by_operators(double cos, double sin) {
    const at::Tensor matrix =
        at::tensor(at::ArrayRef<double>({cos, sin, 0.0, -sin, cos, 0.0}), at::kFloat).view({1, 2, 3});
    const at::Tensor grid = positions_.bmm(matrix.transpose(1, 2).div(half_sizes_)).view({1, height_, width_, 2});
    constexpr std::int64_t nearest_mode = 1;
    constexpr std::int64_t zeros_mode = 0;
    const at::Tensor taken = at::grid_sampler_2d(numbers_, grid, nearest_mode, zeros_mode, /*align_corners=*/false);
    const auto* number = taken.data_ptr<float>();
    std::transform(number, number + sources_.size(), sources_.begin(),
                   [](float one_of) { return static_cast<std::int32_t>(one_of) - 1; });
}

}  // namespace labhost
