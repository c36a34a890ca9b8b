// The statistics that claims, comparisons and the noise floor rest on, against scipy's values (tests/reference).
#include "analysis/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.hpp"

namespace labhost::statistics_test {
namespace {

using nlohmann::json;

constexpr double tolerance = 1e-9;

/// To 1e-9, and that relative to the value where it is small.
void expect_same(double ours, double scipys) { EXPECT_NEAR(ours, scipys, tolerance * std::min(1.0, std::abs(scipys))); }

/// The reference's cases of a kind: by value, so that a loop over them keeps what it walks.
json cases(const char* kind) {
    json cases = json::parse(read_file(LABHOST_SOURCE "/tests/reference/statistics.json")).at(kind);
    EXPECT_FALSE(cases.empty()) << kind;
    return cases;
}

TEST(Statistics, AreScipys) {
    for (const json& sample : cases("samples")) {
        SCOPED_TRACE(sample.at("d").dump());
        const auto d = sample.at("d").get<std::vector<double>>();
        const Spread spread = spread_of(d);
        expect_same(spread.mean, sample.at("mean"));
        expect_same(spread.deviation, sample.at("deviation"));
        expect_same(p_different(spread), sample.at("different"));
        const Interval interval = confidence_interval(spread, 0.95);
        expect_same(interval.low, sample.at("low"));
        expect_same(interval.high, sample.at("high"));
        for (const json& test : sample.at("tests")) {
            const double margin = test.at("margin");
            expect_same(p_greater(spread, margin), test.at("greater"));
            expect_same(p_less(spread, margin), test.at("less"));
            expect_same(p_equivalent(spread, margin), test.at("equivalent"));
            expect_same(p_permutation_greater(d, margin), test.at("permutation"));
        }
    }
}

/// Holm's step-down rule gives what the closure principle does.
TEST(Statistics, HolmIsTheClosureOfBonferroni) {
    for (const json& one : cases("holm")) {
        const auto adjusted = holm(one.at("p").get<std::vector<double>>());
        const auto expected = one.at("adjusted").get<std::vector<double>>();
        ASSERT_EQ(adjusted.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], tolerance);
    }
    EXPECT_TRUE(holm({}).empty());
}

TEST(Statistics, TheResolvableDifferenceHasTheAskedPower) {
    for (const json& one : cases("resolvable"))
        EXPECT_NEAR(resolvable_difference(one.at("deviation"), one.at("seeds")), one.at("difference"), tolerance)
            << one;
    EXPECT_EQ(resolvable_difference(0.0, 5), 0.0);
    // Also by scipy.stats.nct.
    EXPECT_NEAR(resolvable_difference(0.12, 5, 0.01, 0.9), 0.4280543627719832, tolerance);
    EXPECT_NEAR(resolvable_difference(0.1, 2, 0.01, 0.9), 5.23659305036281, tolerance);
    EXPECT_NEAR(resolvable_difference(0.1, 2, 0.05, 0.99), 1.64658683295044, tolerance);
}

TEST(Statistics, AnIntervalIsAsWideAsAsked) {
    const Spread spread = spread_of(std::vector<double>{0.31, -0.12, 0.55, 0.18, 0.42});
    EXPECT_NEAR(spread.standard_error(), 0.11460366486286554, tolerance);
    const Interval interval = confidence_interval(spread, 0.9);
    EXPECT_NEAR(interval.low, 0.02368254536084355, tolerance);
    EXPECT_NEAR(interval.high, 0.5123174546391562, tolerance);
}

TEST(Statistics, PermutationsOfUpToTwentyAreCounted) {
    EXPECT_EQ(p_permutation_greater(std::vector<double>(20, 1.0), 0.0), std::exp2(-20.0));
    EXPECT_EQ(p_permutation_greater(std::vector<double>(20, 1.0), 1.0), 1.0);
    EXPECT_EQ(p_permutation_greater(std::vector<double>(3, -1.0), 0.0), 1.0);
    // Two of eight, though the sums differ in their last bits: the last number is none but for rounding.
    EXPECT_EQ(p_permutation_greater(std::vector<double>{0.1, 0.2, 0.3 - 0.6 + 0.3}, 0.0), 0.25);
}

/// The same flips each time, so that a verdict does not change from one call to the next.
TEST(Statistics, DrawnPermutationsAreTheSameEachTime) {
    EXPECT_EQ(p_permutation_greater(std::vector<double>(21, 1.0), 0.0), 1.0 / 100001.0);
    std::vector<double> many;
    for (int i = 0; i < 70; ++i) many.push_back(i % 3 == 0 ? -0.7 : 0.4 + 0.01 * i);
    EXPECT_EQ(p_permutation_greater(many, 0.2), 28120.0 / 100001.0);
    EXPECT_EQ(p_permutation_greater(many, 0.4), 96042.0 / 100001.0);
}

/// Beyond twenty the flips are drawn; the exact value is known where all differences are one.
TEST(Statistics, PermutationsOfManyAreDrawn) {
    const std::vector<double> many(24, 1.0);
    EXPECT_LT(p_permutation_greater(many, 0.0), 1e-4);
    std::vector<double> balanced(24, 1.0);
    for (std::size_t i = 0; i < balanced.size(); i += 2) balanced[i] = -1.0;
    EXPECT_NEAR(p_permutation_greater(balanced, 0.0), 0.5806, 0.01);  // half, and half of the chance of a tie
}

/// Three equal differences are no proof: that three coins fall alike happens one time in eight.
TEST(Statistics, DifferencesWithoutSpreadCountAsSignsDo) {
    const Spread d = spread_of(std::vector<double>{0.1, 0.1, 0.1});
    EXPECT_EQ(d.deviation, 0.0);
    EXPECT_EQ(p_greater(d, 0.0), 0.125);
    EXPECT_EQ(p_greater(d, 0.1), 1.0);
    EXPECT_EQ(p_greater(d, 0.2), 1.0);
    EXPECT_EQ(p_equivalent(d, 0.2), 0.125);
    EXPECT_EQ(p_different(d), 0.25);
    EXPECT_EQ(p_different(spread_of(std::vector<double>{0.0, 0.0, 0.0})), 1.0) << "and not two";
}

}  // namespace
}  // namespace labhost::statistics_test
