// Augmentation of images to train on, with the bits and the draws of torchvision's transforms on tensors.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "config/augment.hpp"
#include "engine/normalizer.hpp"
#include "engine/rotation.hpp"

namespace labhost {

struct ImageSize {
    std::int64_t channels, height, width;

    std::int64_t pixels() const { return height * width; }  ///< of a channel
    std::int64_t bytes() const { return channels * pixels(); }
};

/// What this Python does to a float32 image [channels, height, width] of bytes / 255 (torchvision 0.14 to 0.29, v1):
///
///     Compose([RandomCrop((height, width), padding), RandomHorizontalFlip(p), RandomRotation(degrees),
///              Normalize(mean, std), RandomErasing(p)])
///
/// Those that are not set are left out. It works in memory of its own, so one serves one thread.
class Augment {
public:
    /// `tables`: a Normalizer's, of each channel or one for all.
    Augment(const AugmentSettings& settings, const ImageSize& size, std::vector<ByteTable> tables);

    /// From bytes to float32, both [channels, height, width]. Draws from the default CPU generator, as many times as
    /// torchvision, and keeps nothing between images.
    void fill(const std::uint8_t* bytes, float* image);

private:
    double uniform(double from, double to);
    bool happens(double probability);
    std::int64_t below(std::int64_t end);

    const std::uint8_t* crop(const std::uint8_t* bytes, std::int64_t padding);
    const std::uint8_t* flip(const std::uint8_t* bytes);
    const ByteTable& table_of(std::int64_t channel) const {
        return tables_[tables_.size() == 1 ? 0 : static_cast<std::size_t>(channel)];
    }
    void normalize(const std::uint8_t* bytes, float* image);
    void rotate_and_normalize(double degrees, const std::uint8_t* bytes, float* image);
    void erase(float* image);

    AugmentSettings settings_;
    ImageSize size_;
    std::vector<ByteTable> tables_;
    std::array<double, 2> log_ratio_;    ///< of the least and the greatest ratio of sides that is erased
    std::vector<std::uint8_t> cropped_;  ///< [channels, height, width]
    std::vector<std::uint8_t> flipped_;  ///< [channels, height, width]
    std::optional<Rotation> rotation_;
    at::Tensor real_;     ///< float32 [1], where one is drawn
    at::Tensor integer_;  ///< int64 [1]
};

}  // namespace labhost
