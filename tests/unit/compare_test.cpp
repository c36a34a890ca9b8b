// Runs of several seeds together: configurations, the noise floor, and two sides compared.
#include "analysis/compare.hpp"

#include <cmath>
#include <utility>

#include <gtest/gtest.h>

#include "analysis/noise.hpp"
#include "report/comparison_table.hpp"
#include "report/formats.hpp"
#include "report/noise_table.hpp"

namespace labhost::compare_test {
namespace {

RunRecord run_of(const std::string& id, std::uint64_t seed, double accuracy, const std::string& plugin = "p") {
    RunRecord run{
        .experiment = "e", .id = id + "-s" + std::to_string(seed), .seed = seed, .status = RunState::finished};
    run.fingerprint_of = {{"plugin", plugin}, {"seed", seed}};
    run.fingerprint = plugin + "0123456789";
    run.final = EpochMetrics{.epoch = 2, .train = {}, .test = {.loss = 0.1, .accuracy = accuracy}};
    return run;
}

const MetricChoice accuracy{};

TEST(Configurations, AreRunsThatDifferInTheirSeedOnly) {
    const std::vector<RunRecord> runs{run_of("net", 2, 97), run_of("net", 1, 98), run_of("net2", 1, 99),
                                      run_of("net", 1, 96, "q")};
    const auto found = configurations_of(runs);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].label, "net [p0123456]");
    EXPECT_EQ(found[0].runs.size(), 2U);
    EXPECT_EQ(found[0].runs.begin()->first, 1U);
    EXPECT_EQ(found[1].label, "net2");
    EXPECT_EQ(found[2].label, "net [q0123456]");
}

TEST(Configurations, OfSeveralExperimentsAreToldApart) {
    std::vector<RunRecord> runs{run_of("net", 1, 97), run_of("net", 1, 98)};
    runs[1].experiment = "f";
    const auto found = configurations_of(runs);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].label, "e/net");
    EXPECT_EQ(found[1].label, "f/net");
}

TEST(Noise, IsTheSpreadOverSeedsThatHaveAValue) {
    std::vector<RunRecord> runs{run_of("a", 1, 98.0), run_of("a", 2, 98.2), run_of("a", 3, 98.4),
                                run_of("a", 4, 50.0), run_of("b", 1, 97.0), run_of("c", 1, std::nan(""))};
    runs[3].status = RunState::failed;
    const auto floors = noise_of(configurations_of(runs), std::vector{accuracy});
    ASSERT_EQ(floors.size(), 3U);
    EXPECT_EQ(floors[0].seeds, 3U);
    EXPECT_EQ(floors[0].without, 1U);
    EXPECT_NEAR(floors[0].mean, 98.2, 1e-12);
    EXPECT_NEAR(*floors[0].deviation, 0.2, 1e-12);
    EXPECT_EQ(floors[0].least, 98.0);
    EXPECT_EQ(floors[0].most, 98.4);
    EXPECT_NEAR(*floors[0].resolves, resolvable_difference(0.2, 3), 1e-9);
    EXPECT_EQ(floors[1].seeds, 1U);
    EXPECT_FALSE(floors[1].deviation) << "one seed has no spread";
    EXPECT_EQ(floors[2].seeds, 0U);
    const std::string csv = cells_csv(noise_cells(floors, Digits::all));
    EXPECT_NE(csv.find("b,test.accuracy,1,97,,97,97,\r\n"), std::string::npos) << csv;
    EXPECT_NE(csv.find("c,test.accuracy,0,,,,,\r\n"), std::string::npos) << csv;
}

Side side(const std::string& name, const std::vector<RunRecord>& runs) { return {name, configurations_of(runs)}; }

TEST(Compare, PairsBySeedAndLeavesOutWhatHasNoPartner) {
    const std::vector<RunRecord> a{run_of("net", 1, 98.0), run_of("net", 2, 98.3), run_of("net", 3, 98.1),
                                   run_of("net", 4, 10)};
    std::vector<RunRecord> b{run_of("net", 1, 97.0), run_of("net", 2, 97.2), run_of("net", 3, 97.1),
                             run_of("net", 5, 10)};
    const Comparisons compared = compare(side("x", a), side("y", b), std::vector{accuracy});
    ASSERT_EQ(compared.rows.size(), 1U);
    const Comparison& row = compared.rows[0];
    EXPECT_EQ(row.configuration, "net");
    EXPECT_EQ(row.seeds, 3U);
    EXPECT_EQ(row.unpaired, 2U);
    const Spread d = spread_of(std::vector<double>{98.0 - 97.0, 98.3 - 97.2, 98.1 - 97.1});
    EXPECT_NEAR(*row.difference, d.mean, 1e-12);
    EXPECT_NEAR(*row.p, p_different(d), 1e-9);
    EXPECT_NEAR(row.interval->low, confidence_interval(d, 0.95).low, 1e-9);
    EXPECT_EQ(row.p, row.p_holm) << "one configuration, nothing to adjust for";
}

TEST(Compare, TwoConfigurationsAreComparedWhateverTheirNames) {
    const std::vector<RunRecord> runs{run_of("net3", 1, 98.0), run_of("net3", 2, 98.3), run_of("net4", 1, 97.0),
                                      run_of("net4", 2, 97.2)};
    auto all = configurations_of(runs);
    const Comparisons compared = compare({"net3", {all[0]}}, {"net4", {all[1]}}, std::vector{accuracy});
    ASSERT_EQ(compared.rows.size(), 1U);
    EXPECT_EQ(compared.rows[0].configuration, "net3 - net4");
    EXPECT_EQ(compared.rows[0].seeds, 2U);
}

TEST(Compare, ManyConfigurationsAreHeldToAStricterMeasure) {
    std::vector<RunRecord> a;
    std::vector<RunRecord> b;
    for (const char* id : {"u", "v"})
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
            a.push_back(run_of(id, seed, 98.0 + 0.01 * static_cast<double>(seed * seed)));
            b.push_back(run_of(id, seed, 97.9));
        }
    a.push_back(run_of("w", 1, 98.0));
    b.push_back(run_of("z", 1, 98.0));
    const Comparisons compared = compare(side("x", a), side("y", b), std::vector{accuracy});
    ASSERT_EQ(compared.rows.size(), 2U);
    EXPECT_NEAR(*compared.rows[0].p_holm, 2 * *compared.rows[0].p, 1e-12);
    EXPECT_EQ(compared.only_in_a, std::vector<std::string>{"w"});
    EXPECT_EQ(compared.only_in_b, std::vector<std::string>{"z"});
    const std::string text = table_text(comparison_cells(compared, Digits::four));
    EXPECT_NE(text.find("only in A: w"), std::string::npos) << text;
}

TEST(Compare, OneSeedHasADifferenceAndNoConfidence) {
    const std::vector<RunRecord> a{run_of("net", 1, 98.0)};
    const std::vector<RunRecord> b{run_of("net", 1, 97.0)};
    const Comparisons compared = compare(side("x", a), side("y", b), std::vector{accuracy});
    EXPECT_EQ(*compared.rows[0].difference, 1.0);
    EXPECT_FALSE(compared.rows[0].interval);
    EXPECT_FALSE(compared.rows[0].p);
    const Json json = comparison_json(compared);
    EXPECT_TRUE(json.at("rows").at(0).at("p").is_null());
    EXPECT_TRUE(json.at("rows").at(0).at("a").at("deviation").is_null());
}

}  // namespace
}  // namespace labhost::compare_test
