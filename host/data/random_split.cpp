#include "data/random_split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

namespace labhost {

std::vector<std::int64_t> random_permutation(std::int64_t count, std::uint64_t seed) {
    std::mt19937 generator(static_cast<std::uint32_t>(seed));  // as torch's, of the seed's lower half
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = 0; i + 1 < order.size(); ++i) std::swap(order[i], order[i + generator() % (order.size() - i)]);
    return order;
}

std::int64_t part_size(std::int64_t count, const PartSettings& part) {
    if (part.count) return *part.count;
    const auto share = [&](double fraction) {
        return static_cast<std::int64_t>(std::floor(static_cast<double>(count) * fraction));
    };
    // What rounding leaves over goes to the parts in turn, first to the one that is trained on.
    const std::int64_t over = count - share(1.0 - *part.fraction) - share(*part.fraction);
    return share(*part.fraction) + over / 2;
}

namespace {

/// How many of each class are in the part.
std::vector<std::int64_t> shares_of(const std::vector<std::int64_t>& counts, std::int64_t count, std::int64_t part) {
    std::vector<std::int64_t> shares;
    std::vector<std::pair<std::int64_t, std::size_t>> remainders;  // negative, with the class
    std::int64_t given = 0;
    for (std::size_t label = 0; label < counts.size(); ++label) {
        shares.push_back(counts[label] * part / count);
        remainders.emplace_back(-(counts[label] * part % count), label);
        given += shares.back();
    }
    std::ranges::sort(remainders);
    for (auto next = remainders.begin(); given < part; ++next, ++given) ++shares[next->second];
    return shares;
}

}  // namespace

TwoParts split_off(std::int64_t count, const PartSettings& settings, std::span<const std::int64_t> labels) {
    const std::int64_t part = part_size(count, settings);
    if (!settings.stratify) return random_split(count, part, settings.seed);
    labels = labels.first(static_cast<std::size_t>(count));
    std::vector<std::int64_t> counts(static_cast<std::size_t>(*std::ranges::max_element(labels)) + 1);
    const auto class_of = [&](std::int64_t example) {
        return static_cast<std::size_t>(labels[static_cast<std::size_t>(example)]);
    };
    for (const std::int64_t label : labels) ++counts[static_cast<std::size_t>(label)];
    const std::vector<std::int64_t> shares = shares_of(counts, count, part);
    TwoParts parts;
    for (const std::int64_t example : random_permutation(count, settings.seed)) {
        // As random_split's, the part is what comes last.
        const bool is_rest = counts[class_of(example)]-- > shares[class_of(example)];
        (is_rest ? parts.rest : parts.part).push_back(example);
    }
    return parts;
}

TwoParts random_split(std::int64_t count, std::int64_t part, std::uint64_t seed) {
    const std::vector<std::int64_t> order = random_permutation(count, seed);
    const auto begin_of_part = order.end() - part;
    return {.rest = {order.begin(), begin_of_part}, .part = {begin_of_part, order.end()}};
}

}  // namespace labhost
