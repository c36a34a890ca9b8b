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

/// p of the one-sided paired t test (Student 1908) that the mean is greater than `margin`, as in scipy.stats.ttest_1samp(d,
/// margin, alternative="greater"). Without any spread 2^-count if the mean is above, else 1.
double p_greater(const Spread& differences, double margin);
double p_less(const Spread& differences, double margin);

/// p of the two one-sided tests (Schuirmann 1987) that the mean is within -margin and margin.
double p_equivalent(const Spread& differences, double margin);

/// p of the sign-flip permutation test that the differences are centred above `margin`: exact up to 20 of them
/// (scipy.stats.permutation_test, permutation_type="samples"), else from 100,000 flips that are drawn from a fixed seed.
double p_permutation_greater(std::span<const double> differences, double margin);

/// The interval of the mean at this confidence, by Student's t.
struct Interval {
    double low = 0.0;
    double high = 0.0;
};
Interval confidence_interval(const Spread& differences, double confidence);

/// Holm's adjusted p values (1979), in the order given: below alpha, each may be called significant together.
std::vector<double> holm(std::span<const double> p);

}  // namespace labhost
