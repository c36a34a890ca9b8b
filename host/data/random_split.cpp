#include "data/random_split.hpp"

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

TwoParts random_split(std::int64_t count, std::int64_t part, std::uint64_t seed) {
    const std::vector<std::int64_t> order = random_permutation(count, seed);
    const auto begin_of_part = order.end() - part;
    return {.rest = {order.begin(), begin_of_part}, .part = {begin_of_part, order.end()}};
}

}  // namespace labhost
