#include "data/normalization.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "data/trained_examples.hpp"

namespace labhost {

namespace {

/// Calls `each` with every value of the examples, and its channel.
template <class Value, class Each>
void each_value(const Value* (Split::*values_of)(std::int64_t) const, const Split& split,
                std::span<const std::int64_t> examples, Each each) {
    const std::int64_t channels = channels_of(split.sizes);
    const std::int64_t in_channel = split.elements() / channels;
    for (const std::int64_t example : examples) {
        const Value* value = (split.*values_of)(example);
        for (std::size_t channel = 0; channel < static_cast<std::size_t>(channels); ++channel)
            for (std::int64_t i = 0; i < in_channel; ++i) each(channel, *value++);
    }
}

double deviation_of(double squares, double count) {
    const double deviation = std::sqrt(squares / count);
    return static_cast<float>(deviation) == 0.0F ? 1.0 : deviation;
}

/// Whole numbers that are products of sums of bytes.
__extension__ using Wide = unsigned __int128;

/// Exact: of integers, so that a channel whose bytes are all alike deviates by 0.
NormalizeSettings of_bytes(const Split& split, std::span<const std::int64_t> examples, std::size_t channels,
                           double count) {
    std::vector<std::uint64_t> sums(channels);
    std::vector<std::uint64_t> squares(channels);
    each_value(&Split::bytes_of, split, examples, [&](std::size_t channel, std::uint8_t byte) {
        sums[channel] += byte;
        squares[channel] += std::uint64_t{byte} * byte;
    });
    NormalizeSettings found{.mean = {}, .std = {}, .automatic = true};
    for (std::size_t channel = 0; channel < channels; ++channel) {
        const Wide sum = sums[channel];
        const Wide variation = static_cast<Wide>(count) * squares[channel] - sum * sum;
        found.mean.push_back(static_cast<double>(sums[channel]) / (255.0 * count));
        found.std.push_back(deviation_of(static_cast<double>(variation) / (255.0 * 255.0 * count), count));
    }
    return found;
}

/// Of reals, whose sums are of each example first, so that millions of terms keep their last digits.
NormalizeSettings of_reals(const Split& split, std::span<const std::int64_t> examples, std::size_t channels,
                           double count) {
    const auto summed = [&](auto term) {
        std::vector<double> sums(channels);
        std::vector<double> of_example(channels);
        for (const std::int64_t& example : examples) {
            std::ranges::fill(of_example, 0.0);
            each_value(&Split::reals_of, split, std::span(&example, 1),
                       [&](std::size_t channel, double value) { of_example[channel] += term(channel, value); });
            for (std::size_t channel = 0; channel < channels; ++channel) sums[channel] += of_example[channel];
        }
        return sums;
    };
    NormalizeSettings found{.mean = {}, .std = {}, .automatic = true};
    for (const double sum : summed([](std::size_t, double value) { return value; })) found.mean.push_back(sum / count);
    const auto squares = summed([&](std::size_t channel, double value) {
        return (value - found.mean[channel]) * (value - found.mean[channel]);
    });
    for (const double sum : squares) found.std.push_back(deviation_of(sum, count));
    return found;
}

}  // namespace

NormalizeSettings normalization_of(const Split& split, std::span<const std::int64_t> examples) {
    const auto channels = static_cast<std::size_t>(channels_of(split.sizes));
    const double count =
        static_cast<double>(examples.size()) * static_cast<double>(split.elements()) / static_cast<double>(channels);
    return split.is_bytes() ? of_bytes(split, examples, channels, count) : of_reals(split, examples, channels, count);
}

void Normalizations::fill_in(DataSettings& settings, const Dataset& dataset, TargetKind kind) {
    if (!settings.normalize.automatic) return;
    const std::string key = trained_key(settings, kind);
    auto known = known_.find(key);
    if (known == known_.end())
        known = known_.emplace(key, normalization_of(dataset.train, trained_examples(settings, dataset))).first;
    settings.normalize.mean = known->second.mean;
    settings.normalize.std = known->second.std;
}

}  // namespace labhost
