#include "data/normalization.hpp"

#include <array>
#include <cmath>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include "config/keys.hpp"
#include "data/random_split.hpp"

namespace labhost {

namespace {

std::vector<std::int64_t> trained_examples(const DataSettings& settings, const Dataset& dataset) {
    const std::int64_t count = settings.train_limit.value_or(dataset.train.count);
    if (settings.validation)
        return random_split(count, part_size(count, *settings.validation), settings.validation->seed).rest;
    std::vector<std::int64_t> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

/// Calls `each` with every value of the examples, and its channel.
template <class Value, class Each>
void each_value(const std::vector<Value>& values, const Split& split, std::span<const std::int64_t> examples,
                Each each) {
    const std::int64_t channels = channels_of(split.sizes);
    const std::int64_t in_channel = split.elements() / channels;
    for (const std::int64_t example : examples) {
        const Value* value = values.data() + example * split.elements();
        for (std::size_t channel = 0; channel < static_cast<std::size_t>(channels); ++channel)
            for (std::int64_t i = 0; i < in_channel; ++i) each(channel, *value++);
    }
}

double deviation_of(double squares, double count) {
    const double deviation = std::sqrt(squares / count);
    return static_cast<float>(deviation) == 0.0F ? 1.0 : deviation;
}

}  // namespace

NormalizeSettings normalization_of(const Split& split, std::span<const std::int64_t> examples) {
    const auto channels = static_cast<std::size_t>(channels_of(split.sizes));
    const double count =
        static_cast<double>(examples.size()) * static_cast<double>(split.elements()) / static_cast<double>(channels);
    std::vector<double> sums(channels);
    std::vector<double> squares(channels);
    const auto mean = [&](std::size_t channel) { return sums[channel] / count; };
    if (split.is_bytes()) {  // counted, so that the sums are of 256 terms
        std::vector<std::array<std::int64_t, 256>> times(channels);
        each_value(split.bytes, split, examples,
                   [&](std::size_t channel, std::uint8_t byte) { ++times[channel][byte]; });
        const auto each_byte = [&](auto each) {
            for (std::size_t channel = 0; channel < channels; ++channel)
                for (std::size_t byte = 0; byte < 256; ++byte)
                    each(channel, static_cast<double>(byte) / 255.0, static_cast<double>(times[channel][byte]));
        };
        each_byte([&](std::size_t channel, double value, double n) { sums[channel] += n * value; });
        each_byte([&](std::size_t channel, double value, double n) {
            squares[channel] += n * (value - mean(channel)) * (value - mean(channel));
        });
    } else {
        each_value(split.reals, split, examples, [&](std::size_t channel, double value) { sums[channel] += value; });
        each_value(split.reals, split, examples, [&](std::size_t channel, double value) {
            squares[channel] += (value - mean(channel)) * (value - mean(channel));
        });
    }
    NormalizeSettings found{.mean = {}, .std = {}, .automatic = true};
    for (std::size_t channel = 0; channel < channels; ++channel) {
        found.mean.push_back(mean(channel));
        found.std.push_back(deviation_of(squares[channel], count));
    }
    return found;
}

void Normalizations::fill_in(DataSettings& settings, const Dataset& dataset, TargetKind kind) {
    if (!settings.normalize.automatic) return;
    DataSettings of;
    of.validation = settings.validation;
    of.train_limit = settings.train_limit;
    const std::string key =
        fmt::format("{} {}", loading_key(settings, kind), values_of(data_keys(), of, Use::record).dump());
    auto known = known_.find(key);
    if (known == known_.end())
        known = known_.emplace(key, normalization_of(dataset.train, trained_examples(settings, dataset))).first;
    settings.normalize.mean = known->second.mean;
    settings.normalize.std = known->second.std;
}

}  // namespace labhost
