// Verdicts on an experiment's claims, from its runs.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/statistics.hpp"
#include "config/claims.hpp"
#include "record/run_record.hpp"

namespace labhost {

/// With more than so many seeds nobody decides anything.
inline constexpr std::size_t most_seeds_needed = 10'000;

struct ClaimVerdict {
    enum class Kind {
        supported,      ///< its p, adjusted for all claims, is below alpha
        not_supported,  ///< that of its opposite is
        undecided,
    };
    Claim claim{};
    Kind kind = Kind::undecided;
    std::size_t seeds = 0;
    std::optional<double> effect{};             ///< mean of `of` - `than`, or of `of`; in the metric's unit
    std::optional<Interval> interval{};         ///< of the effect, at 95 %
    std::optional<double> p{};                  ///< of the t test
    std::optional<double> p_holm{};             ///< adjusted for all claims that have one
    std::optional<double> p_permutation{};      ///< of the sign-flip test, for comparison
    std::optional<std::size_t> seeds_needed{};  ///< with this mean and spread, to decide; of an undecided one
    std::string reason{};                       ///< why it could not be tested; "" where it was, whatever came of it
    std::vector<std::string> also_differ_in{};  ///< a warning: settings in which the runs differ besides

    std::string kind_text() const;
};

/// A verdict for each claim, in order. Runs are paired by seed: where one of a pair is missing or not finished, the
/// claim is undecided, and the reason says which. One seed decides nothing.
std::vector<ClaimVerdict> judge_claims(std::span<const Claim> claims, std::span<const RunRecord> runs);

}  // namespace labhost
