// How images to train on are augmented.
#pragma once

#include <cstdint>
#include <optional>

namespace labhost {

/// Each is one of torchvision's transforms, all its other arguments at their defaults; absent: not applied, no draws.
struct AugmentSettings {
    std::optional<std::int64_t> crop_padding{};  ///< RandomCrop: pixels of zeros on each side, at least 0
    std::optional<double> horizontal_flip{};     ///< RandomHorizontalFlip: a probability
    std::optional<double> rotation{};            ///< RandomRotation: by up to as many degrees either way, at least 0
    std::optional<double> erasing{};             ///< RandomErasing: a probability

    bool any() const { return crop_padding || horizontal_flip || rotation || erasing; }
    friend bool operator==(const AugmentSettings&, const AugmentSettings&) = default;
};

}  // namespace labhost
