// The tests that claims rest on: of differences paired by seed.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace labhost {

/// Mean and spread of differences; at least two of them.
struct Spread {
    std::size_t count = 0;
    double mean = 0.0;
    double deviation = 0.0;  ///< of a sample: divided by count - 1

    double standard_error() const;
};

Spread spread_of(std::span<const double> differences);

/// p of the one-sided paired t test (Student 1908) that the mean is greater than `margin`, as in
/// scipy.stats.ttest_1samp(d, margin, alternative="greater"). Without any spread 2^-count if the mean is above, else 1.
double p_greater(const Spread& differences, double margin);
double p_less(const Spread& differences, double margin);

/// p of the two-sided paired t test that the mean is not zero, as in scipy.stats.ttest_rel.
double p_different(const Spread& differences);

/// p of the two one-sided tests (Schuirmann 1987) that the mean is within -margin and margin.
double p_equivalent(const Spread& differences, double margin);

/// p of the sign-flip permutation test that the differences are centred above `margin`: exact up to 20 of them
/// (scipy.stats.permutation_test, permutation_type="samples"), else from 100,000 flips that are drawn from a fixed
/// seed.
double p_permutation_greater(std::span<const double> differences, double margin);

/// The interval of the mean at this confidence, by Student's t.
struct Interval {
    double low = 0.0;
    double high = 0.0;
};
inline constexpr double told_confidence = 0.95;  ///< of the intervals that are told
Interval confidence_interval(const Spread& differences, double confidence);

/// The least difference between two configurations that a one-sided paired t test over `seeds` seeds finds, at this
/// alpha, with this power, where runs of one configuration have this standard deviation, and those of a pair are
/// independent (so that their difference has the square root of two of it): from the noncentral t distribution (Cohen
/// 1988, chapter 2). `seeds` at least 2; zero without deviation.
double resolvable_difference(double deviation, std::size_t seeds, double alpha = 0.05, double power = 0.8);

/// Holm's adjusted p values (1979), in the order given: below alpha, each may be called significant together.
std::vector<double> holm(std::span<const double> p);

}  // namespace labhost
