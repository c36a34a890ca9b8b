// Axes that vary together, axes that are drawn, axes of the whole sweep, and seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>

#include "config/experiment.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"

namespace labhost::axes_test {
namespace {

using testing::expect_error;

class Axes : public ::testing::Test {
protected:
    std::vector<RunSettings> runs(const std::string& text, const Overrides& overrides = {}) {
        return read_experiment(folder_.write("e.toml", fmt::format("data.dataset = \"mnist\"\n{}", text)), overrides)
            .runs;
    }
    /// The runs of a model with these lines in its [[run]], which begin at line 4.
    std::vector<RunSettings> runs_of(const std::string& lines) { return runs(run_with(lines)); }
    std::vector<std::string> ids(const std::string& text, const Overrides& overrides = {}) {
        std::vector<std::string> ids;
        for (const RunSettings& run : runs(text, overrides)) ids.push_back(run.id);
        return ids;
    }
    void refuse(const std::string& text, const std::string& words, const Overrides& overrides = {}) {
        expect_error(ExitCode::usage, words, [&] { runs(text, overrides); });
    }
    void refuse_run(const std::string& lines, const std::string& words) { refuse(run_with(lines), words); }
    static std::string run_with(const std::string& lines) {
        return fmt::format("[[run]]\nmodel = \"net\"\n{}\n", lines);
    }
    std::string place(const std::string& place) { return fmt::format("{}:{}", (folder_ / "e.toml").native(), place); }
    std::string at(const std::string& where) { return fmt::format("{}: error: ", place(where)); }
    /// The values of a parameter, in the order of the runs.
    template <class T>
    static std::vector<T> values(const std::vector<RunSettings>& runs, const std::string& param) {
        std::vector<T> values;
        for (const RunSettings& run : runs) values.push_back(std::get<T>(run.params.at(param).value));
        return values;
    }

    testing::TemporaryFolder folder_;
    using Ids = std::vector<std::string>;
};

using Zip = Axes;
using RandomAxes = Axes;
using Sweep = Axes;
using Seeds = Axes;

TEST_F(Zip, AxesVaryTogether) {
    const auto all = runs_of("zip = { \"params.a\" = [1, 2], trainer.optimizer.lr = [0.1, 0.2] }");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].id, "net-a1-lr0.1-s1");
    EXPECT_EQ(all[1].id, "net-a2-lr0.2-s1");
    EXPECT_EQ(std::get<std::int64_t>(all[1].params.at("a").value), 2);
    EXPECT_EQ(all[1].trainer.optimizer.arguments().number("lr"), 0.2);
    EXPECT_EQ(all[1].params.at("a").where.get().column, 26U);
}

TEST_F(Zip, AnAxisMayRepeatAValueButNoTwoPointsAreTheSame) {
    EXPECT_EQ(ids(run_with("zip = { \"params.a\" = [1, 1], \"params.b\" = [1, 2] }")),
              (Ids{"net-a1-b1-s1", "net-a1-b2-s1"}));
    refuse_run("zip = { \"params.a\" = [1, 2, 1], \"params.b\" = [1, 2, 1] }",
               fmt::format("{}the zip has the values a1-b1 twice (the other is at {})", at("4:29"), place("4:23")));
}

TEST_F(Zip, UnequalLengthsAreRefusedNamingBoth) {
    refuse_run(
        "zip = { \"params.a\" = [1, 2], \"params.b\" = [1, 2, 3] }",
        fmt::format("{}the axes of a zip vary together, so they must be of equal length: 'params.b' has 3 values, "
                    "'params.a' has 2",
                    at("4:30")));
}

TEST_F(Zip, BadAxesAreRefusedAsInAGrid) {
    refuse_run("zip = { a = [1] }",
               fmt::format("{}an axis is params.NAME, trainer.KEY or data.KEY, not 'a'", at("4:9")));
    refuse_run("zip = { params.a = [] }", "the axis 'params.a' must be an array of values, not an empty one");
    refuse_run("zip = { trainer.epoch = [1] }",
               fmt::format("{}unknown key 'epoch' in trainer; did you mean 'epochs'?", at("4:26")));
    refuse_run("zip = 3", "run.zip must be a table, not an integer");
}

TEST_F(RandomAxes, DrawEveryDistributionWithinItsBounds) {
    const auto all = runs_of(
        "random = { samples = 300, \"params.p\" = { uniform = [0.25, 0.75] }, trainer.optimizer.lr = { log_uniform = "
        "[1e-4, 1e-1] }, trainer.batch_size = { choice = [32, 64] }, \"params.width\" = { int = [-1, 2] } }");
    ASSERT_EQ(all.size(), 300U);
    std::set<std::int64_t> widths;
    std::set<std::int64_t> batch_sizes;
    std::size_t small_rates = 0;
    double low = 1.0;
    double high = 0.0;
    for (const RunSettings& run : all) {
        const double p = std::get<double>(run.params.at("p").value);
        low = std::min(low, p);
        high = std::max(high, p);
        EXPECT_GE(run.trainer.optimizer.arguments().number("lr"), 1e-4);
        EXPECT_LE(run.trainer.optimizer.arguments().number("lr"), 1e-1);
        small_rates += run.trainer.optimizer.arguments().number("lr") < 1e-3 ? 1 : 0;
        widths.insert(std::get<std::int64_t>(run.params.at("width").value));
        batch_sizes.insert(run.trainer.batch_size);
    }
    EXPECT_GE(low, 0.25);
    EXPECT_LT(low, 0.27);
    EXPECT_GT(high, 0.73);
    EXPECT_LE(high, 0.75);
    EXPECT_NEAR(static_cast<double>(small_rates), 100.0, 30.0);  // a third of the decades
    EXPECT_EQ(widths, (std::set<std::int64_t>{-1, 0, 1, 2}));
    EXPECT_EQ(batch_sizes, (std::set<std::int64_t>{32, 64}));
}

TEST_F(RandomAxes, DrawTablesToo) {
    std::set<std::string> names;
    for (const RunSettings& run :
         runs_of("random = { samples = 30, trainer.optimizer = { choice = [{ name = \"adam\" }, "
                 "{ name = \"sgd\", lr = 0.1 }] }, params.p = { uniform = [0.0, 1.0] } }")) {
        const OptimizerSettings& optimizer = run.trainer.optimizer;
        const std::string& name = optimizer.algorithm().name;
        names.insert(name);
        EXPECT_NE(run.id.find(name), std::string::npos) << run.id;
        EXPECT_EQ(optimizer.arguments().number("lr"), name == "adam" ? 0.001 : 0.1);
    }
    EXPECT_EQ(names, (std::set<std::string>{"adam", "sgd"}));
}

TEST_F(Axes, OfOtherTablesAreRefusedWithWhatToDo) {
    refuse_run(
        "grid = { trainer.stop = [{ patience = 1 }, { patience = 2 }] }",
        "the axis 'trainer.stop': a value must be a number, a string or a boolean, not a table; tables are those "
        "of trainer.optimizer, trainer.schedule, data.augment. Of another table vary the keys "
        "('trainer.stop.patience'), or write a [[run]] for each");
    refuse_run("grid = { trainer.optimizer.betas = [[0.9, 0.99], [0.9, 0.999]] }",
               "the axis 'trainer.optimizer.betas': a value must be a number, a string or a boolean, not an array");
}

// Computed apart, with a mt19937_64 written out in Python.
TEST_F(RandomAxes, DrawTheSameOnEveryMachine) {
    EXPECT_EQ(ids(run_with("random = { samples = 3, seed = 7, \"params.p\" = { uniform = [0.0, 1.0] }, "
                           "\"params.lr\" = { log_uniform = [1e-4, 1e-1] }, \"params.width\" = { int = [16, 128] }, "
                           "\"params.act\" = { choice = [\"relu\", \"tanh\", \"gelu\"] } }")),
              (Ids{"net-p0.0291068-lr0.0256292-width24-act_tanh-s1", "net-p0.517053-lr0.00139056-width40-act_tanh-s1",
                   "net-p0.253052-lr0.0596473-width127-act_gelu-s1"}));
}

// Of 3 * 2^62 integers none is favoured: a quarter of the generator's numbers is passed over. Computed as above.
TEST_F(RandomAxes, IntegersOfAnyRangeAreEquallyLikely) {
    EXPECT_EQ(
        values<std::int64_t>(
            runs_of("random = { samples = 6, params.n = { int = [-9223372036854775808, 4611686018427387903] } }"), "n"),
        (std::vector<std::int64_t>{-3010151372112691826, 4257004912093412026, -8481662931615165155,
                                   -4186321739255025669, -581201048175166225, 3007598014773838160}));
}

TEST_F(RandomAxes, RealsHaveSixSignificantDigitsAndStayWithinTheBounds) {
    const auto drawn = values<double>(runs_of("random = { samples = 50, params.p = { uniform = [0, 1] } }"), "p");
    ASSERT_EQ(drawn.size(), 50U);
    for (const double p : drawn) EXPECT_EQ(p, std::stod(fmt::format("{:.6g}", p)));
    // Rounded to six digits, every one of these would be below the lower bound.
    EXPECT_EQ(values<double>(runs_of("random = { samples = 5, params.p = { uniform = [1.0000001, 1.0000002] } }"), "p"),
              (std::vector<double>{1.0000001}));
}

TEST_F(RandomAxes, BoundsMayBeAsWideAsTheirType) {
    EXPECT_EQ(runs_of("random = { samples = 20, params.p = { uniform = [-1.7e308, 1.7e308] } }").size(), 20U)
        << "an overflow draws nothing but bounds";
    const auto drawn = values<std::int64_t>(
        runs_of("random = { samples = 20, params.n = { int = [-9223372036854775808, 9223372036854775807] } }"), "n");
    EXPECT_EQ(drawn.size(), 20U);
    EXPECT_LT(*std::ranges::min_element(drawn), 0);
    EXPECT_GT(*std::ranges::max_element(drawn), 0);
}

TEST_F(RandomAxes, AnotherAxisOrMoreSamplesLeaveTheOtherDraws) {
    const std::string p = "\"params.p\" = { uniform = [0.0, 1.0] }";
    const auto alone = values<double>(runs_of(fmt::format("random = {{ samples = 20, {} }}", p)), "p");
    const auto beside =
        values<double>(runs_of(fmt::format("random = {{ samples = 20, params.a = {{ int = [1, 9] }}, {} }}", p)), "p");
    auto more = values<double>(runs_of(fmt::format("random = {{ samples = 40, {} }}", p)), "p");
    EXPECT_EQ(alone, beside);
    ASSERT_EQ(more.size(), 40U);
    more.resize(20);
    EXPECT_EQ(alone, more);
}

TEST_F(RandomAxes, TheSeedDefaultsToOneAndChangesTheDraws) {
    const std::string p = "params.p = { uniform = [0.0, 1.0] }";
    const auto drawn = values<double>(runs_of(fmt::format("random = {{ samples = 5, {} }}", p)), "p");
    EXPECT_EQ(drawn, values<double>(runs_of(fmt::format("random = {{ samples = 5, seed = 1, {} }}", p)), "p"));
    EXPECT_NE(drawn, values<double>(runs_of(fmt::format("random = {{ samples = 5, seed = 2, {} }}", p)), "p"));
}

TEST_F(RandomAxes, TwoAxesWithOneDistributionDrawDifferently) {
    const auto all =
        runs_of("random = { samples = 5, params.a = { uniform = [0.0, 1.0] }, params.b = { uniform = [0.0, 1.0] } }");
    EXPECT_NE(values<double>(all, "a"), values<double>(all, "b"));
}

TEST_F(RandomAxes, SamplesThatEqualAnEarlierOneAreDropped) {
    auto drawn = values<std::int64_t>(runs_of("random = { samples = 100, \"params.n\" = { int = [1, 3] } }"), "n");
    std::ranges::sort(drawn);
    EXPECT_EQ(drawn, (std::vector<std::int64_t>{1, 2, 3}));
}

TEST_F(RandomAxes, KeysMayBeNestedTables) {
    const std::string flat =
        "random = { samples = 3, \"params.p\" = { uniform = [0, 1] }, \"trainer.optimizer.lr\" = { uniform = [0, 1] } "
        "}";
    const std::string nested =
        "[run.random]\nsamples = 3\n[run.random.params]\np = { uniform = [0, 1] }\n[run.random.trainer.optimizer]\n"
        "lr.uniform = [0, 1]\n";
    EXPECT_EQ(ids(run_with(nested)), ids(run_with(flat)));
}

TEST_F(RandomAxes, ADrawnValueHasThePlaceOfItsAxis) {
    const auto all = runs_of("random = { samples = 2, \"params.p\" = { uniform = [0, 1] } }");
    EXPECT_EQ(all.at(1).params.at("p").where.text(), place("4:25"));
    refuse_run("random = { samples = 1, \"trainer.batch_size\" = { int = [-5, -1] } }",
               fmt::format("{}trainer.batch_size = ", at("4:25")));
}

TEST_F(RandomAxes, BadTablesAreRefused) {
    const std::string p = "\"params.p\" = { uniform = [0, 1] }";
    refuse_run(fmt::format("random = {{ {} }}", p), fmt::format("{}random needs the number of samples", at("4:10")));
    refuse_run(fmt::format("random = {{ samples = 0, {} }}", p),
               fmt::format("{}run.random.samples = 0 must be between 1 and 1000000", at("4:22")));
    refuse_run(fmt::format("random = {{ samples = 1.5, {} }}", p), "run.random.samples must be an integer");
    refuse_run(fmt::format("random = {{ samples = 1, seed = -1, {} }}", p), "run.random.seed = -1 must be at least 0");
    refuse_run("random = { samples = 1 }", fmt::format("{}random has no axis to draw", at("4:10")));
    refuse_run(
        fmt::format("random = {{ samples = 1, sed = 2, {} }}", p),
        fmt::format("{}an axis is params.NAME, trainer.KEY or data.KEY, not 'sed'; did you mean 'seed'?", at("4:25")));
    refuse_run("random = { samples = 1, \"model\" = { choice = [\"net\"] } }",
               fmt::format("{}an axis is params.NAME, trainer.KEY or data.KEY, not 'model'", at("4:25")));
    refuse_run("random = { samples = 1, params = { p = [0, 1] } }",
               "the random axis 'params.p' must be a distribution, { uniform = [0.0, 1.0] }");
}

TEST_F(RandomAxes, BadDistributionsAreRefused) {
    const auto refuse_axis = [&](const std::string& distribution, const std::string& words) {
        refuse_run(fmt::format("random = {{ samples = 1, \"params.p\" = {} }}", distribution), words);
    };
    refuse_axis("0.5", fmt::format("{}the random axis 'params.p' must be a distribution", at("4:38")));
    refuse_axis("{}", "the random axis 'params.p' must have one distribution");
    refuse_axis("{ uniform = [0, 1], int = [0, 1] }", "the random axis 'params.p' must have one distribution");
    refuse_axis(
        "{ unifrom = [0, 1] }",
        fmt::format("{}unknown distribution 'unifrom' of the axis 'params.p'; did you mean 'uniform'?", at("4:40")));
    refuse_axis("{ normal = [0, 1] }", "(there are uniform, log_uniform, choice, int)");
    refuse_axis("{ uniform = { low = 0, high = 1 } }", "uniform of the axis 'params.p' must be two bounds");
    refuse_axis("{ uniform = [1] }", fmt::format("{}uniform of the axis 'params.p' must be two bounds", at("4:50")));
    refuse_axis("{ uniform = [1, 0] }",
                fmt::format("{}uniform of the axis 'params.p' has its bounds reversed: 1 is above 0", at("4:50")));
    refuse_axis("{ uniform = [0, inf] }",
                fmt::format("{}a bound in uniform of the axis 'params.p' must be finite, not inf", at("4:54")));
    refuse_axis("{ uniform = [nan, 1] }", "must be finite, not nan");
    refuse_axis("{ uniform = [0, \"1\"] }", "a bound in uniform of the axis 'params.p' must be a number, not a string");
    refuse_axis("{ log_uniform = [0, 1] }",
                fmt::format("{}a bound in log_uniform of the axis 'params.p' must be above 0, not 0", at("4:55")));
    refuse_axis("{ log_uniform = [1, 0.1] }", "log_uniform of the axis 'params.p' has its bounds reversed");
    refuse_axis("{ choice = [] }", "choice of the axis 'params.p' must be an array of values, not an empty one");
    refuse_axis("{ choice = 3 }", "choice of the axis 'params.p' must be an array of values, not an integer");
    refuse_axis("{ choice = [[1]] }",
                "choice of the axis 'params.p': a value must be a number, a string or a boolean, not an array");
    refuse_axis("{ int = [1, 2.5] }",
                fmt::format("{}a bound in int of the axis 'params.p' must be an integer, not a real number; for reals "
                            "write uniform",
                            at("4:50")));
    refuse_axis("{ int = [2, 1] }", "int of the axis 'params.p' has its bounds reversed: 2 is above 1");
}

TEST_F(Sweep, PointsAreTheRunsOwnGridZipAndRandomThenTheSweepsThenSeeds) {
    EXPECT_EQ(ids("experiment.seeds = [1, 2]\n"
                  "[sweep]\nrandom = { samples = 1, trainer.threads = { choice = [2] } }\n"
                  "zip = { trainer.batch_size = [8] }\ngrid = { trainer.epochs = [3, 4] }\n"
                  "[[run]]\nmodel = \"net\"\nrandom = { samples = 1, params.r = { choice = [5] } }\n"
                  "zip = { params.z = [6] }\ngrid = { params.g = [0, 1] }\n"
                  "[[run]]\nmodel = \"net1\"\n"),
              (Ids{"net-g0-z6-r5-epochs3-batch_size8-threads2-s1", "net-g0-z6-r5-epochs3-batch_size8-threads2-s2",
                   "net-g0-z6-r5-epochs4-batch_size8-threads2-s1", "net-g0-z6-r5-epochs4-batch_size8-threads2-s2",
                   "net-g1-z6-r5-epochs3-batch_size8-threads2-s1", "net-g1-z6-r5-epochs3-batch_size8-threads2-s2",
                   "net-g1-z6-r5-epochs4-batch_size8-threads2-s1", "net-g1-z6-r5-epochs4-batch_size8-threads2-s2",
                   "net1-epochs3-batch_size8-threads2-s1", "net1-epochs3-batch_size8-threads2-s2",
                   "net1-epochs4-batch_size8-threads2-s1", "net1-epochs4-batch_size8-threads2-s2"}));
}

TEST_F(Sweep, AnAxisWinsOverWhatTheRunSetsForItself) {
    const auto all = runs(
        "[sweep]\ngrid = { trainer.epochs = [7], params.p = [0.5] }\n"
        "[[run]]\nmodel = \"net\"\ntrainer = { epochs = 9 }\nparams = { p = 0.1, q = 2 }\n");
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].trainer.epochs, 7);
    EXPECT_EQ(std::get<double>(all[0].params.at("p").value), 0.5);
    EXPECT_EQ(std::get<std::int64_t>(all[0].params.at("q").value), 2);
}

TEST_F(Sweep, AReferenceMayNameAnyAxis) {
    const auto all = runs(
        "[sweep]\ngrid = { trainer.epochs = [1, 2] }\n"
        "[[run]]\nmodel = \"net\"\nzip = { params.a = [1, 2], params.b = [3, 4] }\n"
        "reference = { when = { params.b = 4, trainer.epochs = [2] }, test_loss = [0.5] }\n");
    ASSERT_EQ(all.size(), 4U);
    for (const RunSettings& run : all)
        EXPECT_EQ(run.reference.test_loss.size(), run.id == "net-a2-b4-epochs2-s1" ? 1U : 0U) << run.id;
}

TEST_F(Sweep, AReferenceMayNameWhatTheTablesOfAnAxisHold) {
    const auto all = runs(
        "[[run]]\nmodel = \"net\"\n"
        "grid = { trainer.optimizer = [{ name = \"sgd\", lr = 0.1 }, { name = \"sgd\", lr = 0.2 }, { name = \"adam\" "
        "}] }\n"
        "reference = [{ when = { trainer.optimizer = { name = \"sgd\", lr = [0.2, 0.3] } }, test_loss = [0.5] },\n"
        "             { when = { \"trainer.optimizer.name\" = \"adam\" }, test_loss = [0.25, 0.125] }]\n");
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].reference.test_loss.size(), 0U) << "another rate";
    EXPECT_EQ(all[1].reference.test_loss.size(), 1U);
    EXPECT_EQ(all[2].reference.test_loss.size(), 2U) << "it has no rate, and is not asked for one";
    refuse(
        "[[run]]\nmodel = \"net\"\ngrid = { trainer.optimizer = [{ name = \"adam\" }] }\n"
        "reference = { when = { trainer.optimizer.name = \"nadam\" }, test_loss = [0.5] }\n",
        "this reference belongs to no point");
}

TEST_F(Sweep, EachReferenceMustBelongToAPoint) {
    refuse(
        "[sweep]\ngrid = { trainer.epochs = [1, 2] }\n[[run]]\nmodel = \"net\"\n"
        "[[run.reference]]\nwhen = { trainer.epochs = 1 }\n[[run.reference]]\nwhen = { trainer.epochs = 3 }\n",
        fmt::format("{}this reference belongs to no point", at("9:8")));
}

TEST_F(Sweep, TheSameKeyInTwoPlacesIsRefusedNamingBoth) {
    refuse("[sweep]\ngrid = { trainer.epochs = [1, 2] }\n[[run]]\nmodel = \"net\"\nzip = { trainer.epochs = [3] }\n",
           fmt::format("{}the axis 'trainer.epochs' is written twice (the other is at {})", at("3:18"), place("6:17")));
    refuse_run("grid = { params.a = [1] }\nrandom = { samples = 1, params.a = { int = [1, 2] } }",
               fmt::format("{}the axis 'params.a' is written twice (the other is at {})", at("5:32"), place("4:17")));
}

TEST_F(Sweep, SetGivesOrReplacesAnAxis) {
    const std::string text = "[sweep]\ngrid = { \"params.p\" = [1, 2] }\n[[run]]\nmodel = \"net\"\n";
    EXPECT_EQ(ids(text, {.set = {"sweep.grid.\"params.p\"=[3]", "sweep.zip.trainer.epochs=[4]"}}),
              (Ids{"net-p3-epochs4-s1"}));
    refuse(text, "--set sweep.zip.trainer.epochs=[0]: error: trainer.epochs = 0 must be",
           {.set = {"sweep.zip.trainer.epochs=[0]"}});
}

TEST_F(Sweep, UnknownKeysAreRefused) {
    refuse("[sweep]\ngird = {}\n[[run]]\nmodel = \"net\"\n",
           fmt::format("{}unknown key 'gird' in sweep; did you mean 'grid'?", at("3:1")));
    refuse("sweep = 1\n[[run]]\nmodel = \"net\"\n", "sweep must be a table");
}

TEST_F(Sweep, MoreThanAMillionRunsAreRefusedBeforeTheyAreMade) {
    const std::string seeds = "experiment.seeds = { count = 1000000 }\n";
    refuse(fmt::format("{}[[run]]\nmodel = \"net\"\ngrid = {{ params.a = [1, 2] }}\n", seeds),
           fmt::format("{}with this [[run]] the experiment has more than 1000000 runs", at("3:1")));
}

TEST_F(Axes, AValueWrittenTwiceInAGridIsRefused) {
    refuse_run(
        "grid = { \"params.p\" = [0.5, 1, 0.50] }",
        fmt::format("{}the axis 'params.p' has the value 0.5 twice (the other is at {})", at("4:32"), place("4:24")));
}

TEST_F(Axes, NameAKeyOfARunAtAnyDepth) {
    refuse_run("grid = { model.p = [1] }",
               fmt::format("{}an axis is params.NAME, trainer.KEY or data.KEY, not 'model.p'", at("4:16")));
    refuse_run("grid = { trainer.optimizer.lr.x = [1] }",
               fmt::format("{}trainer.optimizer.lr must be a number from 0, not a table", at("4:36")));
}

TEST_F(Axes, ValuesThatAnIdWouldShowAlikeAreRefused) {
    refuse_run("grid = { \"params.act\" = [\"a b\", \"a/b\"] }",
               fmt::format("{}'a b' and 'a/b' look the same in a run's id", at("4:33")));
}

TEST_F(Seeds, MayBeACount) {
    EXPECT_EQ(ids(fmt::format("experiment.seeds = {{ count = 3 }}\n{}", run_with(""))),
              (Ids{"net-s1", "net-s2", "net-s3"}));
}

TEST_F(Seeds, BadCountsAreRefused) {
    const auto refuse_seeds = [&](const std::string& seeds, const std::string& words) {
        refuse(fmt::format("experiment.seeds = {}\n{}", seeds, run_with("")), words);
    };
    refuse_seeds("{ count = 0 }",
                 fmt::format("{}experiment.seeds.count = 0 must be between 1 and 1000000", at("2:30")));
    refuse_seeds("{ count = 1.5 }", "experiment.seeds.count must be an integer");
    refuse_seeds("{ cuont = 3 }",
                 fmt::format("{}unknown key 'cuont' in experiment.seeds; did you mean 'count'?", at("2:22")));
    refuse_seeds("{}", "experiment.seeds needs a count");
}

TEST_F(Seeds, ASeedTwiceIsRefused) {
    refuse(fmt::format("experiment.seeds = [1, 2, 1]\n{}", run_with("")),
           fmt::format("{}the seed 1 is in experiment.seeds twice", at("2:27")));
    refuse(run_with(""), "--seeds: error: the seed 4 is given twice", {.seeds = {4, 5, 4}});
}

TEST_F(Axes, AnErrorListsOnlySomeOfManyRuns) {
    refuse(fmt::format("experiment.seeds = {{ count = 100 }}\n{}", run_with("")), "net-s30 and 70 more",
           {.only = {"other*"}});
}

}  // namespace
}  // namespace labhost::axes_test
