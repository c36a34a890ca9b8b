#include "analysis/statistics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>

#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/tools/roots.hpp>

namespace labhost {

namespace {

constexpr std::size_t most_exact = 20;
constexpr int drawn_flips = 100'000;

/// Upper tail of Student's t; without any spread the sign flips' least p, since accuracies of a few seeds may agree by
/// chance.
double upper_tail(const Spread& d, double distance) {
    if (d.deviation == 0.0) return distance > 0.0 ? std::exp2(-static_cast<double>(d.count)) : 1.0;
    const boost::math::students_t t(static_cast<double>(d.count - 1));
    return boost::math::cdf(boost::math::complement(t, distance / d.standard_error()));
}

}  // namespace

double Spread::standard_error() const { return deviation / std::sqrt(static_cast<double>(count)); }

Spread spread_of(std::span<const double> differences) {
    Spread spread{.count = differences.size()};
    const auto count = static_cast<double>(spread.count);
    spread.mean = std::accumulate(differences.begin(), differences.end(), 0.0) / count;
    double squares = 0.0;
    for (const double d : differences) squares += (d - spread.mean) * (d - spread.mean);
    spread.deviation = std::sqrt(squares / (count - 1.0));
    // Equal differences have a mean that may be rounded, and would get a spread from that.
    if (std::ranges::all_of(differences, [&](double d) { return d == differences.front(); })) {
        spread.mean = differences.front();
        spread.deviation = 0.0;
    }
    return spread;
}

double p_greater(const Spread& differences, double margin) {
    return upper_tail(differences, differences.mean - margin);
}

double p_less(const Spread& differences, double margin) { return upper_tail(differences, margin - differences.mean); }

double p_different(const Spread& differences) {
    return std::min(1.0, 2.0 * std::min(p_greater(differences, 0.0), p_less(differences, 0.0)));
}

double resolvable_difference(double deviation, std::size_t seeds, double alpha, double power) {
    namespace bm = boost::math;
    if (deviation == 0.0) return 0.0;
    const auto freedom = static_cast<double>(seeds - 1);
    const double critical = bm::quantile(bm::complement(bm::students_t(freedom), alpha));
    const auto lacking = [&](double shift) {
        return power - bm::cdf(bm::complement(bm::non_central_t(freedom, shift), critical));
    };
    // The shift, in standard errors, at which the power is reached; it rises with the shift.
    const double enough = critical + 20.0 * (1.0 + critical / std::sqrt(freedom));
    std::uintmax_t steps = 200;
    const auto [low, high] =
        bm::tools::toms748_solve(lacking, 0.0, enough, bm::tools::eps_tolerance<double>(50), steps);
    return (low + high) / 2.0 * deviation * std::sqrt(2.0 / static_cast<double>(seeds));
}

double p_equivalent(const Spread& differences, double margin) {
    return std::max(p_greater(differences, -margin), p_less(differences, margin));
}

double p_permutation_greater(std::span<const double> differences, double margin) {
    std::vector<double> d(differences.begin(), differences.end());
    for (double& difference : d) difference -= margin;
    const double observed = std::accumulate(d.begin(), d.end(), 0.0);
    // Sums of the same numbers in another order differ in their last bits.
    const double at_least = observed - 1e-12 * std::accumulate(d.begin(), d.end(), 0.0,
                                                               [](double sum, double x) { return sum + std::abs(x); });
    if (d.size() <= most_exact) {
        // In Gray's order each step flips one sign.
        double sum = -std::accumulate(d.begin(), d.end(), 0.0);
        std::uint32_t positive = 0;
        std::uint64_t reached = 0;
        const std::uint64_t all = std::uint64_t{1} << d.size();
        for (std::uint64_t step = 0;;) {
            reached += sum >= at_least ? 1 : 0;
            if (++step == all) break;
            const auto flipped = static_cast<std::size_t>(std::countr_zero(step));
            positive ^= std::uint32_t{1} << flipped;
            sum += (positive >> flipped & 1U) != 0 ? 2.0 * d[flipped] : -2.0 * d[flipped];
        }
        return static_cast<double>(reached) / static_cast<double>(all);
    }
    std::mt19937_64 random(1);
    int reached = 1;
    for (int flip = 0; flip < drawn_flips; ++flip) {
        double sum = 0.0;
        std::uint64_t signs = 0;
        for (std::size_t i = 0; i < d.size(); ++i, signs >>= 1U) {
            if (i % 64 == 0) signs = random();
            sum += (signs & 1U) != 0 ? d[i] : -d[i];
        }
        reached += sum >= at_least ? 1 : 0;
    }
    return static_cast<double>(reached) / (drawn_flips + 1.0);
}

Interval confidence_interval(const Spread& differences, double confidence) {
    const boost::math::students_t t(static_cast<double>(differences.count - 1));
    const double half =
        boost::math::quantile(boost::math::complement(t, (1.0 - confidence) / 2.0)) * differences.standard_error();
    return {differences.mean - half, differences.mean + half};
}

std::vector<double> holm(std::span<const double> p) {
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return p[i]; });
    std::vector<double> adjusted(p.size());
    double so_far = 0.0;
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
        so_far = std::max(so_far, std::min(1.0, p[order[rank]] * static_cast<double>(p.size() - rank)));
        adjusted[order[rank]] = so_far;
    }
    return adjusted;
}

}  // namespace labhost
