// torchvision's ToTensor and Normalize, in float32 as there: (x - mean) / std, of bytes (byte / 255 - mean) / std.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "config/experiment.hpp"

namespace labhost {

/// Each byte as it becomes.
using ByteTable = std::array<float, 256>;

class Normalizer {
public:
    /// `settings`: one mean and one deviation, or one for each of the channels. `channels` of `pixels` each are an
    /// example.
    Normalizer(const NormalizeSettings& settings, std::int64_t channels, std::int64_t pixels);

    /// One example, [channels, pixels].
    void fill(const std::uint8_t* bytes, float* into) const;
    void fill(const float* reals, float* into) const;

    /// Of each channel; a single one where all are alike, none of a vector's columns, each with numbers of its own.
    const std::vector<ByteTable>& tables() const { return tables_; }

private:
    std::int64_t channels_;
    std::int64_t pixels_;
    std::vector<float> means_{};  ///< of each channel, or one
    std::vector<float> stds_{};
    std::vector<ByteTable> tables_{};
};

}  // namespace labhost
