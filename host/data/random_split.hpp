// Which examples torch.utils.data.random_split puts where.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/experiment.hpp"

namespace labhost {

/// torch.randperm(count) of a CPU generator with this seed (ATen/native/TensorFactories.cpp, randperm_cpu; for fewer
/// than 2^32 / 20).
std::vector<std::int64_t> random_permutation(std::int64_t count, std::uint64_t seed);

/// How many of `count` examples are in the part: random_split's lengths of [count - n, n] or [1 - f, f].
std::int64_t part_size(std::int64_t count, const PartSettings& part);

struct TwoParts {
    std::vector<std::int64_t> rest{};  ///< which examples, in their order
    std::vector<std::int64_t> part{};
};

/// A part of `count` examples: by random_split, or of each class its share. `labels`: [count] at least; unused where
/// `settings.stratify` is false. A class's share is rounded down, and what is missing then goes to the classes with the
/// largest remainders (of equal ones the first).
TwoParts split_off(std::int64_t count, const PartSettings& settings, std::span<const std::int64_t> labels);

/// random_split of `count` examples, the last `part` of them, with a generator that has its seed.
TwoParts random_split(std::int64_t count, std::int64_t part, std::uint64_t seed);

}  // namespace labhost
