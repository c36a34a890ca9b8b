#include "engine/normalizer.hpp"

#include <algorithm>
#include <cstddef>

namespace labhost {

namespace {

ByteTable table_of(float mean, float std) {
    ByteTable table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte)
        table[byte] = (static_cast<float>(byte) / 255.0F - mean) / std;
    return table;
}

}  // namespace

Normalizer::Normalizer(const NormalizeSettings& settings, std::int64_t channels, std::int64_t pixels)
    : channels_(channels), pixels_(pixels) {
    const std::size_t count = std::max(settings.mean.size(), settings.std.size());
    if (count == 1) {  // one long channel
        channels_ = 1;
        pixels_ = channels * pixels;
    }
    for (std::size_t i = 0; i < count; ++i) {
        means_.push_back(static_cast<float>(settings.mean[settings.mean.size() == 1 ? 0 : i]));
        stds_.push_back(static_cast<float>(settings.std[settings.std.size() == 1 ? 0 : i]));
        if (count == 1 || pixels_ > 1) tables_.push_back(table_of(means_.back(), stds_.back()));
    }
}

void Normalizer::fill(const std::uint8_t* bytes, float* into) const {
    if (tables_.empty())
        for (std::size_t column = 0; column < means_.size(); ++column)
            into[column] = (static_cast<float>(bytes[column]) / 255.0F - means_[column]) / stds_[column];
    for (const ByteTable& table : tables_) {
        into = std::transform(bytes, bytes + pixels_, into, [&](std::uint8_t byte) { return table[byte]; });
        bytes += pixels_;
    }
}

void Normalizer::fill(const float* reals, float* into) const {
    for (std::size_t channel = 0; channel < means_.size(); ++channel) {
        const float mean = means_[channel];
        const float std = stds_[channel];
        into = std::transform(reals, reals + pixels_, into, [=](float real) { return (real - mean) / std; });
        reals += pixels_;
    }
}

}  // namespace labhost
