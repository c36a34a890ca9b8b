// [[claim]]: what an experiment says of its runs, to be tested over seeds.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/location.hpp"
#include "config/metric.hpp"
#include "config/strict_table.hpp"
#include "support/enum_text.hpp"

namespace labhost {

enum class ClaimTest {
    greater,     ///< `of` is above `than` by more than `margin`
    equivalent,  ///< `of` and `than` are less than `margin` apart
    about,       ///< `of` is less than `margin` away from `value`
};
template <>
inline constexpr std::array texts_of<ClaimTest>{EnumText{ClaimTest::greater, "greater"},
                                                EnumText{ClaimTest::equivalent, "equivalent"},
                                                EnumText{ClaimTest::about, "about"}};

struct Claim {
    std::string says{};
    ClaimTest test = ClaimTest::greater;
    MetricChoice metric{};
    bool chooses_metric = false;  ///< whether `metric` was written
    std::string of{};             ///< runs by their id without the seed
    std::string than{};           ///< "" with `about`
    double value = 0.0;           ///< of `about`
    double margin = 0.0;
    double alpha = 0.05;
    Location where{};

    /// Whether runs of this id, which is without the seed, are one of its sides.
    bool is_of(std::string_view id) const { return id == of || id == than; }
};

/// Reads the tables; `ids` are those of all runs without their seeds. Throws Error (usage) with the key's place.
std::vector<Claim> read_claims(std::vector<StrictTable> tables, std::span<const std::string> ids);

}  // namespace labhost
