// Claims: how they are read, and the verdicts.
#include "config/claims.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/claims.hpp"
#include "config/experiment.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"
#include "report/claims_table.hpp"

namespace labhost::claims_test {
namespace {

// ---- verdicts

RunRecord run_of(const std::string& id, std::uint64_t seed, double accuracy) {
    RunRecord run{.id = id + "-s" + std::to_string(seed), .seed = seed, .status = RunState::finished};
    run.trainer = {{"epochs", 2}, {"timeout", nullptr}};
    run.final = EpochMetrics{.epoch = 2, .train = {}, .test = {.loss = 0.1, .accuracy = accuracy}};
    return run;
}

std::vector<RunRecord> runs_of(const std::map<std::string, std::vector<double>>& accuracies) {
    std::vector<RunRecord> runs;
    for (const auto& [id, values] : accuracies)
        for (std::size_t i = 0; i < values.size(); ++i) runs.push_back(run_of(id, i + 1, values[i]));
    return runs;
}

Claim claim_of(ClaimTest test, double margin = 0.0, const std::string& than = "b") {
    Claim claim;
    claim.says = "a is better";
    claim.test = test;
    claim.of = "a";
    claim.than = than;
    claim.margin = margin;
    return claim;
}

ClaimVerdict verdict_of(const Claim& claim, const std::vector<RunRecord>& runs) {
    return judge_claims(std::span(&claim, 1), runs).at(0);
}

TEST(Claims, AreSupportedNotSupportedOrUndecided) {
    const auto runs = runs_of({{"a", {98.1, 98.0, 98.3, 98.2}}, {"b", {97.0, 97.1, 97.2, 97.0}}});
    const ClaimVerdict better = verdict_of(claim_of(ClaimTest::greater, 0.5), runs);
    EXPECT_EQ(better.kind_text(), "supported");
    EXPECT_NEAR(*better.effect, 1.075, 1e-12);
    EXPECT_EQ(better.seeds, 4U);
    EXPECT_EQ(verdict_of(claim_of(ClaimTest::greater, 2.0), runs).kind_text(), "not supported");
    EXPECT_EQ(verdict_of(claim_of(ClaimTest::equivalent, 1.5), runs).kind_text(), "supported");
    EXPECT_EQ(verdict_of(claim_of(ClaimTest::equivalent, 0.5), runs).kind_text(), "not supported");
    const ClaimVerdict close = verdict_of(claim_of(ClaimTest::greater, 1.0), runs);
    EXPECT_EQ(close.kind_text(), "undecided");
    ASSERT_TRUE(close.seeds_needed);
    EXPECT_GT(*close.seeds_needed, 4U);
    EXPECT_EQ(close.reason, "");  // it was tested
    EXPECT_NE(verdicts_text(std::vector{close}).find(fmt::format(" {} seeds would decide", *close.seeds_needed)),
              std::string::npos);
    EXPECT_EQ(verdicts_json(std::vector{close}).at(0).at("reason"),
              fmt::format("if mean and spread stay, {} seeds would decide", *close.seeds_needed));
}

TEST(Claims, HaveTheEffectItsIntervalAndBothPs) {
    const auto runs = runs_of({{"a", {98.1, 98.0, 98.3, 98.2}}, {"b", {97.0, 97.1, 97.2, 97.0}}});
    const Spread spread = spread_of(std::vector{98.1 - 97.0, 98.0 - 97.1, 98.3 - 97.2, 98.2 - 97.0});
    const ClaimVerdict better = verdict_of(claim_of(ClaimTest::greater, 0.5), runs);
    const Interval interval = confidence_interval(spread, 0.95);
    EXPECT_EQ(better.interval->low, interval.low);
    EXPECT_EQ(better.interval->high, interval.high);
    EXPECT_EQ(better.p, p_greater(spread, 0.5));
    EXPECT_EQ(better.p_permutation, 1.0 / 16);

    // Of the 16 sign flips 4 lie as far below 1.15, and one as far above -1.15: the greater p counts.
    const ClaimVerdict alike = verdict_of(claim_of(ClaimTest::equivalent, 1.15), runs);
    EXPECT_EQ(alike.p, p_equivalent(spread, 1.15));
    EXPECT_EQ(alike.p_permutation, 0.25);
    const auto swapped = runs_of({{"b", {98.1, 98.0, 98.3, 98.2}}, {"a", {97.0, 97.1, 97.2, 97.0}}});
    EXPECT_EQ(verdict_of(claim_of(ClaimTest::equivalent, 1.15), swapped).p_permutation, 0.25);
}

/// By the claim or its opposite, held to the measure of all claims: with a seed less neither would be significant.
TEST(Claims, SeedsNeededAreTheFewestThatWouldDecide) {
    const auto runs = runs_of({{"a", {98.1, 98.0, 98.3, 98.2}}, {"b", {97.0, 97.1, 97.2, 97.0}}});
    Spread spread = spread_of(std::vector{98.1 - 97.0, 98.0 - 97.1, 98.3 - 97.2, 98.2 - 97.0});
    const auto p = [&](const Claim& claim, std::size_t seeds) {
        spread.count = seeds;
        if (claim.test == ClaimTest::greater)
            return std::min(p_greater(spread, claim.margin), p_less(spread, claim.margin));
        return std::min(p_equivalent(spread, claim.margin), 2.0 * p_greater(spread, claim.margin));
    };
    for (const Claim& claim :
         {claim_of(ClaimTest::greater, 1.0), claim_of(ClaimTest::greater, 1.15), claim_of(ClaimTest::equivalent, 1.0),
          claim_of(ClaimTest::equivalent, 1.15), claim_of(ClaimTest::greater, 1.08)})
        for (const std::size_t claims : {1U, 3U}) {
            SCOPED_TRACE(fmt::format("{} by {}, {} claims", to_text(claim.test), claim.margin, claims));
            const ClaimVerdict verdict = judge_claims(std::vector(claims, claim), runs).at(0);
            EXPECT_EQ(verdict.kind_text(), "undecided");
            ASSERT_TRUE(verdict.seeds_needed);
            EXPECT_LT(p(claim, *verdict.seeds_needed), 0.05 / static_cast<double>(claims));
            EXPECT_GE(p(claim, *verdict.seeds_needed - 1), 0.05 / static_cast<double>(claims));
        }
}

TEST(Claims, NoNumberOfSeedsDecidesWhatLiesOnTheMargin) {
    const auto runs = runs_of({{"a", {3.0, 1.0}}, {"b", {1.0, 1.0}}});
    const ClaimVerdict verdict = verdict_of(claim_of(ClaimTest::greater, 1.0), runs);
    EXPECT_EQ(verdict.kind_text(), "undecided");
    EXPECT_FALSE(verdict.seeds_needed);
}

TEST(Claims, AboutComparesWithAValue) {
    const auto runs = runs_of({{"a", {10.1, 9.8, 10.0}}});
    Claim claim = claim_of(ClaimTest::about, 1.0, "");
    claim.value = 10.0;
    const ClaimVerdict near = verdict_of(claim, runs);
    EXPECT_EQ(near.kind_text(), "supported");
    EXPECT_NEAR(*near.effect, 9.9667, 1e-4);
    EXPECT_NEAR((near.interval->low + near.interval->high) / 2, *near.effect, 1e-12) << "of the metric, too";
    claim.value = 20.0;
    EXPECT_EQ(verdict_of(claim, runs).kind_text(), "not supported");
}

TEST(Claims, OneSeedDecidesNothing) {
    const ClaimVerdict verdict = verdict_of(claim_of(ClaimTest::greater), runs_of({{"a", {99.0}}, {"b", {10.0}}}));
    EXPECT_EQ(verdict.kind_text(), "undecided");
    EXPECT_EQ(verdict.reason, "one seed");
    EXPECT_FALSE(verdict.p);
    EXPECT_EQ(verdict.seeds, 1U);
    EXPECT_EQ(verdict.effect, 89.0);
    Claim about = claim_of(ClaimTest::about, 1.0, "");
    about.value = 10.0;
    EXPECT_EQ(verdict_of(about, runs_of({{"a", {99.0}}})).effect, 99.0);
}

TEST(Claims, AMissingOrFailedPairIsRefused) {
    auto runs = runs_of({{"a", {98.1, 98.0, 98.3}}, {"b", {97.0, 97.1}}});
    const ClaimVerdict missing = verdict_of(claim_of(ClaimTest::greater), runs);
    EXPECT_EQ(missing.kind_text(), "undecided");
    EXPECT_EQ(missing.reason, "there is no b-s3; every seed must be there for both");
    const auto without_a = runs_of({{"a", {98.1}}, {"b", {97.0, 97.1}}});
    EXPECT_EQ(verdict_of(claim_of(ClaimTest::greater), without_a).reason,
              "there is no a-s2; every seed must be there for both");
    EXPECT_EQ(verdict_of(claim_of(ClaimTest::greater), {}).reason, "no run of a is among these");
    runs.push_back(run_of("b", 3, 97.2));
    EXPECT_EQ(verdict_of(claim_of(ClaimTest::greater), runs).kind_text(), "supported");
    runs.back().status = RunState::failed;
    EXPECT_EQ(verdict_of(claim_of(ClaimTest::greater), runs).reason,
              "b-s3 has no result (failed); a claim needs every seed");
    runs.back() = run_of("b", 3, std::nan(""));
    EXPECT_NE(verdict_of(claim_of(ClaimTest::greater), runs).reason.find("is no number"), std::string::npos);
}

/// In a folder there may be runs of an earlier plugin: which of the two is meant is not ours to guess.
TEST(Claims, ARunThatIsThereTwiceIsRefused) {
    auto runs = runs_of({{"a", {98.1, 98.0, 98.3}}, {"b", {97.0, 97.1, 97.2}}});
    runs[1].folder = "runs/e/a-s2-0123";
    runs.push_back(run_of("a", 2, 99.0));
    runs.back().folder = "runs/e/a-s2-0815";
    const ClaimVerdict verdict = verdict_of(claim_of(ClaimTest::greater), runs);
    EXPECT_EQ(verdict.kind_text(), "undecided");
    EXPECT_EQ(verdict.reason, "a-s2 is there twice, in a-s2-0123 and a-s2-0815; name the EXPERIMENT.toml, or choose");
}

TEST(Claims, SeveralAreHeldToAStricterMeasure) {
    const auto runs = runs_of({{"a", {98.1, 97.9, 98.4, 98.0}}, {"b", {97.9, 97.8, 98.0, 97.9}}});
    const Claim claim = claim_of(ClaimTest::greater);
    const double alone = *verdict_of(claim, runs).p_holm;
    ASSERT_LT(alone, 0.05);
    const auto together = judge_claims(std::vector(3, claim), runs);
    EXPECT_NEAR(*together[0].p_holm, 3 * alone, 1e-12);
    EXPECT_EQ(together[0].kind_text(), 3 * alone < 0.05 ? "supported" : "undecided");
}

TEST(Claims, WhatElseDiffersIsSaid) {
    auto runs = runs_of({{"a", {98.1, 98.0}}, {"b", {97.0, 97.1}}});
    for (RunRecord& run : runs)
        if (run.id.starts_with("b")) run.trainer = {{"epochs", 4}, {"timeout", 60}};
    const ClaimVerdict verdict = verdict_of(claim_of(ClaimTest::greater), runs);
    EXPECT_EQ(verdict.also_differ_in, std::vector<std::string>{"trainer.epochs"});
    EXPECT_NE(verdicts_text(std::vector{verdict}).find("beware: the runs differ in trainer.epochs too"),
              std::string::npos);
}

TEST(Claims, WhatElseDiffersMayBeInTheData) {
    auto runs = runs_of({{"a", {98.1, 98.0}}, {"b", {97.0, 97.1}}});
    for (RunRecord& run : runs)
        if (run.id.starts_with("b")) run.data = {{"train_limit", 100}, {"normalize", {{"std", 0.5}}}};
    EXPECT_EQ(verdict_of(claim_of(ClaimTest::greater), runs).also_differ_in,
              (std::vector<std::string>{"data.normalize.std", "data.train_limit"}));
}

/// As when a file's epochs were changed between the first seeds and the later ones.
TEST(Claims, WhatDiffersFromSeedToSeedIsSaid) {
    auto runs = runs_of({{"a", {98.1, 98.0, 98.2}}, {"b", {97.0, 97.1, 97.2}}});
    for (RunRecord& run : runs)
        if (run.seed == 3) run.trainer = {{"epochs", 4}};
    EXPECT_EQ(verdict_of(claim_of(ClaimTest::greater), runs).also_differ_in,
              std::vector<std::string>{"trainer.epochs"});
}

/// A claim that cannot be tested is a claim of the file all the same.
TEST(Claims, ThoseWithoutRunsCountForHolm) {
    const auto runs = runs_of({{"a", {98.1, 97.9, 98.4, 98.0}}, {"b", {97.9, 97.8, 98.0, 97.9}}});
    const auto verdicts =
        judge_claims(std::vector{claim_of(ClaimTest::greater), claim_of(ClaimTest::greater, 0.0, "nothing")}, runs);
    EXPECT_NEAR(*verdicts[0].p_holm, 2 * *verdicts[0].p, 1e-12);
    EXPECT_FALSE(verdicts[1].p_holm);
}

TEST(Claims, ThoseWithoutRunsCountForTheOppositeToo) {
    const auto runs = runs_of({{"a", {98.1, 98.0, 98.3, 98.2}}, {"b", {97.0, 97.1, 97.2, 97.0}}});
    const Claim claim = claim_of(ClaimTest::greater, 1.245);
    EXPECT_EQ(verdict_of(claim, runs).kind_text(), "not supported");
    EXPECT_EQ(judge_claims(std::vector{claim, claim_of(ClaimTest::greater, 0.0, "nothing")}, runs)[0].kind_text(),
              "undecided");
}

/// With no effect at all, a claim of one is called supported in one sweep of twenty.
TEST(Claims, AreSeldomSupportedWhereThereIsNothing) {
    std::mt19937 random(1);
    std::normal_distribution<double> noise(98.0, 0.1);
    int supported = 0;
    constexpr int sweeps = 2000;
    for (int sweep = 0; sweep < sweeps; ++sweep) {
        std::map<std::string, std::vector<double>> accuracies;
        for (const char* id : {"a", "b", "c"})
            for (int seed = 0; seed < 5; ++seed) accuracies[id].push_back(noise(random));
        const std::vector<Claim> claims{claim_of(ClaimTest::greater), claim_of(ClaimTest::greater, 0.0, "c")};
        const auto verdicts = judge_claims(claims, runs_of(accuracies));
        supported += std::ranges::any_of(verdicts,
                                         [](const ClaimVerdict& v) { return v.kind == ClaimVerdict::Kind::supported; });
    }
    EXPECT_LE(supported, sweeps * 0.05 + 3 * std::sqrt(sweeps * 0.05 * 0.95));
    EXPECT_GE(supported, sweeps * 0.02);  // and it is not that nothing ever is
}

// ---- how they are written

class ClaimsInAFile : public ::testing::Test {
protected:
    std::vector<Claim> read(const std::string& claim) {
        return read_experiment(folder_.write("e.toml",
                                             "data.dataset = \"mnist\"\n[[run]]\nmodel = \"net\"\n[[run]]\n"
                                             "model = \"net2\"\ngrid = { \"params.p\" = [0.25, 0.5] }\n"
                                             "[[claim]]\n" +
                                                 claim),
                               {})
            .claims;
    }
    void refuse(const std::string& claim, const std::string& words) {
        testing::expect_error(ExitCode::usage, words, [&] { read(claim); });
    }

    testing::TemporaryFolder folder_;
};

TEST_F(ClaimsInAFile, NameRunsByTheirIdWithoutTheSeed) {
    const Claim claim = read(
                            "says = \"s\"\ntest = \"greater\"\nof = \"net2-p0.5\"\nthan = \"net\"\nmargin = 1\n"
                            "metric = \"test.loss@3\"\n")
                            .at(0);
    EXPECT_EQ(claim.of, "net2-p0.5");
    EXPECT_EQ(claim.than, "net");
    EXPECT_EQ(claim.margin, 1.0);
    EXPECT_EQ(claim.alpha, 0.05);
    EXPECT_EQ(claim.metric.text(), "test.loss@3");
    EXPECT_EQ(read("says = \"s\"\ntest = \"about\"\nof = \"net\"\nvalue = 10\nmargin = 1\n").at(0).metric.text(),
              "test.accuracy");
}

TEST_F(ClaimsInAFile, AreReadStrictly) {
    const std::string good = "says = \"s\"\nof = \"net\"\nthan = \"net2-p0.5\"\n";
    refuse("test = \"greater\"\n", "this [[claim]] needs 'says'");
    refuse(good, "this [[claim]] needs a test");
    refuse(good + "tset = \"greater\"\n", "did you mean 'test'?");
    refuse(good + "test = \"better\"\n", "claim.test");
    refuse(good + "test = \"equivalent\"\n", "needs a margin above 0");
    refuse(good + "test = \"greater\"\nmargin = -1\n", "margin");
    refuse(good + "test = \"greater\"\nvalue = 1\n", "goes with test = \"about\" only");
    refuse(good + "test = \"about\"\nvalue = 1\nmargin = 1\n", "does not go with test = \"about\"");
    refuse(good + "test = \"greater\"\nmetric = \"test.acuracy\"\n", "did you mean 'test.accuracy'?");
    refuse(good + "test = \"greater\"\nmetric = \"test.loss@0\"\n", "after '@' comes an epoch");
    refuse(good + "test = \"greater\"\nmarign = 1\n", "did you mean 'margin'?");
    refuse("says = \"s\"\ntest = \"greater\"\nof = \"net\"\nthan = \"net2-p0.6\"\n", "did you mean 'net2-p0.");
    refuse("says = \"s\"\ntest = \"greater\"\nof = \"net\"\nthan = \"net\"\n", "names the runs that 'of' names");
    refuse("says = \"s\"\ntest = \"greater\"\nof = \"net-s1\"\nthan = \"net\"\n", "no run has this id");
}

TEST_F(ClaimsInAFile, AreOnWhatTheirRunsHave) {
    const std::string claim = "says = \"s\"\ntest = \"greater\"\nof = \"net\"\nthan = \"net2-p0.5\"\nmetric = \"";
    refuse(claim + "validation.loss\"\n", "the run 'net' keeps no part of the training data to validate with");
    EXPECT_EQ(read(claim + "test.loss\"\n").size(), 1U);
}

}  // namespace
}  // namespace labhost::claims_test
