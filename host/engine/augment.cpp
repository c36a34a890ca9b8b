#include "engine/augment.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

namespace labhost {

namespace {

// RandomErasing's defaults.
constexpr std::array erased_part = {0.02, 0.33};
constexpr std::array erased_ratio = {0.3, 3.3};
constexpr int erasing_tries = 10;

}  // namespace

Augment::Augment(const AugmentSettings& settings, const ImageSize& size, std::vector<ByteTable> tables)
    : settings_(settings),
      size_(size),
      tables_(std::move(tables)),
      cropped_(static_cast<std::size_t>(size.bytes())),
      flipped_(static_cast<std::size_t>(size.bytes())),
      real_(at::empty({1}, at::kFloat)),
      integer_(at::empty({1}, at::kLong)) {
    const at::Tensor log_ratio = at::tensor(at::ArrayRef<double>(erased_ratio), at::kFloat).log();
    std::copy_n(log_ratio.data_ptr<float>(), log_ratio_.size(), log_ratio_.begin());
    if (settings_.rotation) rotation_.emplace(size.height, size.width);
}

void Augment::fill(const std::uint8_t* bytes, float* image) {
    // Crops and rotations fill with 0 before normalisation: they can move bytes. Erasing fills with 0 after it.
    if (settings_.crop_padding) bytes = crop(bytes, *settings_.crop_padding);
    if (settings_.horizontal_flip && happens(*settings_.horizontal_flip)) bytes = flip(bytes);
    if (settings_.rotation)
        rotate_and_normalize(uniform(-*settings_.rotation, *settings_.rotation), bytes, image);
    else
        normalize(bytes, image);
    if (settings_.erasing && happens(*settings_.erasing)) erase(image);
}

/// torch.empty(1).uniform_(from, to).item()
double Augment::uniform(double from, double to) {
    real_.uniform_(from, to);
    return *real_.data_ptr<float>();
}

/// torch.rand(1) < probability, which compares in float32.
bool Augment::happens(double probability) {
    real_.uniform_(0.0, 1.0);
    return *real_.data_ptr<float>() < static_cast<float>(probability);
}

/// torch.randint(0, end, (1,)).item()
std::int64_t Augment::below(std::int64_t end) {
    integer_.random_(0, end);
    return *integer_.data_ptr<std::int64_t>();
}

const std::uint8_t* Augment::crop(const std::uint8_t* bytes, std::int64_t padding) {
    if (padding == 0) return bytes;  // and torchvision draws nothing
    const std::int64_t down = below(2 * padding + 1) - padding;
    const std::int64_t right = below(2 * padding + 1) - padding;
    std::ranges::fill(cropped_, std::uint8_t{0});
    const std::int64_t rows = size_.height - std::abs(down);
    const std::int64_t columns = size_.width - std::abs(right);
    if (rows <= 0 || columns <= 0) return cropped_.data();
    const std::uint8_t* from = bytes + std::max<std::int64_t>(down, 0) * size_.width + std::max<std::int64_t>(right, 0);
    std::uint8_t* to =
        cropped_.data() + std::max<std::int64_t>(-down, 0) * size_.width + std::max<std::int64_t>(-right, 0);
    for (std::int64_t channel = 0; channel < size_.channels; ++channel)
        for (std::int64_t row = 0; row < rows; ++row) {
            const std::int64_t begin = channel * size_.pixels() + row * size_.width;
            std::copy_n(from + begin, columns, to + begin);
        }
    return cropped_.data();
}

const std::uint8_t* Augment::flip(const std::uint8_t* bytes) {
    for (std::int64_t begin = 0; begin < size_.bytes(); begin += size_.width)
        std::reverse_copy(bytes + begin, bytes + begin + size_.width, flipped_.data() + begin);
    return flipped_.data();
}

void Augment::normalize(const std::uint8_t* bytes, float* image) {
    for (std::int64_t channel = 0; channel < size_.channels; ++channel, bytes += size_.pixels()) {
        const ByteTable& table = table_of(channel);
        image = std::transform(bytes, bytes + size_.pixels(), image, [&](std::uint8_t byte) { return table[byte]; });
    }
}

void Augment::rotate_and_normalize(double degrees, const std::uint8_t* bytes, float* image) {
    const auto sources = rotation_->sources(degrees);
    for (std::int64_t channel = 0; channel < size_.channels; ++channel, bytes += size_.pixels()) {
        const ByteTable& table = table_of(channel);
        image = std::ranges::transform(sources, image, [&](std::int32_t source) {
                    return table[source == Rotation::outside ? 0 : bytes[source]];
                }).out;
    }
}

/// RandomErasing.get_params, in double where it computes with Python's floats.
void Augment::erase(float* image) {
    for (int i = 0; i < erasing_tries; ++i) {
        const double area = static_cast<double>(size_.pixels()) * uniform(erased_part[0], erased_part[1]);
        uniform(log_ratio_[0], log_ratio_[1]);
        const double ratio = *real_.exp_().data_ptr<float>();
        const auto rows = static_cast<std::int64_t>(std::nearbyint(std::sqrt(area * ratio)));  // to even, as round()
        const auto columns = static_cast<std::int64_t>(std::nearbyint(std::sqrt(area / ratio)));
        if (rows >= size_.height || columns >= size_.width) continue;
        const std::int64_t top = below(size_.height - rows + 1);
        const std::int64_t left = below(size_.width - columns + 1);
        for (std::int64_t channel = 0; channel < size_.channels; ++channel)
            for (std::int64_t row = top; row < top + rows; ++row)
                std::fill_n(image + channel * size_.pixels() + row * size_.width + left, columns, 0.0F);
        return;
    }
}

}  // namespace labhost
