// labhost results and gc on runs that were trained.
#include "program.hpp"
#include "sweep/garbage.hpp"

namespace labhost {
namespace {

using Results = testing::ProgramTest;
using nlohmann::json;

constexpr const char* two_runs = "[[run]]\nmodel = \"net2\"\ngrid = { \"params.p\" = [0.25, 0.5] }\n";

TEST_F(Results, AreChosenAndSorted) {
    const std::string file = experiment(two_runs);
    ASSERT_EQ(labhost({file}).exit_code, 0);
    for (const std::string& place : {std::string("runs"), std::string("runs/e"), file}) {
        const ProcessResult result = labhost({"results", place, "--sort", "params.p", "--reverse", "--json"});
        ASSERT_EQ(result.exit_code, 0) << result.err;
        const json runs = json::parse(result.out).at("runs");
        ASSERT_EQ(runs.size(), 2U) << place;
        EXPECT_EQ(runs.at(0).at("id"), "net2-p0.5-s1");
    }
    const std::string text = labhost({"results", "runs", "--where", "params.p < 0.5"}).out;
    EXPECT_NE(text.find("net2-p0.25-s1"), std::string::npos) << text;
    EXPECT_EQ(text.find("net2-p0.5-s1"), std::string::npos) << text;
    EXPECT_EQ(labhost({"results", "no-such-folder"}).exit_code, 2);
    EXPECT_EQ(labhost({"results", "runs", "--csv", "--json"}).exit_code, 2);
    EXPECT_EQ(labhost({"results", "runs", "--where", "parms.p=1"}).exit_code, 2);
    EXPECT_NE(labhost({"results", "runs", "--where", "params.p<=abc"}).err.find("'abc' is no number"), std::string::npos);
    EXPECT_EQ(labhost({"results", "runs", "--where", "params.p===0.25"}).exit_code, 2);
}

TEST_F(Results, GcRemovesOnlyWhatNothingNeedsAndOnlyWhenAgreed) {
    const std::string file = experiment(two_runs);
    ASSERT_EQ(labhost({file}).exit_code, 0);
    ASSERT_EQ(labhost({file, "--seeds", "2", "--only", "*p0.5*"}).exit_code, 0);
    const auto kept = run_folder("e", "net2-p0.25-s1");
    const auto unasked = run_folder("e", "net2-p0.5-s2");
    folder_.write(std::filesystem::relative(kept / "checkpoint.pt", folder_.path()), "old");
    EXPECT_NE(labhost({"gc", "runs", file}).out.find("nothing was removed"), std::string::npos);
    EXPECT_TRUE(file_exists(unasked));
    const ProcessResult removed = labhost({"gc", "runs", file, "--yes"});
    EXPECT_EQ(removed.exit_code, 0) << removed.out << removed.err;
    EXPECT_FALSE(file_exists(unasked));
    EXPECT_FALSE(file_exists(kept / "checkpoint.pt"));
    EXPECT_TRUE(file_exists(kept / "model.pt"));
}

/// What was listed is looked at again, under a claim, when it is removed: people take their time to answer.
TEST_F(Results, GcKeepsTheCheckpointOfARunThatWasBegunAgain) {
    ASSERT_EQ(labhost({experiment("[[run]]\nmodel = \"net\"\n")}).exit_code, 0);
    const auto run = run_folder("e", "net-s1");
    const Garbage checkpoint{.path = run / "checkpoint.pt", .run = run};
    const std::string result = read_file(run / "result.json");
    std::filesystem::remove(run / "result.json");
    EXPECT_FALSE(remove_garbage(checkpoint));
    EXPECT_TRUE(file_exists(run / "checkpoint.pt"));
    folder_.write(std::filesystem::relative(run / "result.json", folder_.path()), result);
    EXPECT_TRUE(remove_garbage(checkpoint));
    EXPECT_FALSE(file_exists(run / "checkpoint.pt"));
}

/// On 128 images: six epochs of two steps each get further than one, and neither near 99 %.
TEST_F(Results, ClaimsAreJudgedOverSeeds) {
    const std::string file = experiment(
        "[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net\"\nname = \"longer\"\ntrainer = { epochs = 6 }\n"
        "[[claim]]\nsays = \"six epochs give a lower training loss than one\"\ntest = \"greater\"\n"
        "metric = \"train.loss\"\nof = \"net\"\nthan = \"longer\"\n"
        "[[claim]]\nsays = \"one epoch is enough\"\ntest = \"about\"\nof = \"net\"\nvalue = 99\nmargin = 20\n");
    const ProcessResult one = labhost({file, "--check-claims"});
    EXPECT_EQ(one.exit_code, 3) << one.out << one.err;
    EXPECT_NE(one.out.find("undecided      six epochs"), std::string::npos) << one.out;
    EXPECT_NE(one.out.find("one seed"), std::string::npos) << one.out;

    const ProcessResult three = labhost({file, "--seeds", "1,2,3", "--json", "--check-claims"});
    EXPECT_EQ(three.exit_code, 3) << three.err;
    const auto claims = nlohmann::json::parse(three.out).at("claims");
    ASSERT_EQ(claims.size(), 2U);
    EXPECT_EQ(claims[0].at("verdict"), "supported") << claims;
    EXPECT_EQ(claims[0].at("seeds"), 3);
    EXPECT_LT(claims[0].at("p").get<double>(), 0.05);
    EXPECT_GT(claims[0].at("effect").get<double>(), 0.0);
    EXPECT_EQ(claims[0].at("also_differ_in"), "trainer.epochs");
    EXPECT_EQ(claims[1].at("verdict"), "not supported") << claims;

    EXPECT_EQ(labhost({file, "--seeds", "1,2,3"}).exit_code, 0);
    const ProcessResult shown = labhost({"results", file, "--seeds", "1,2,3"});
    EXPECT_NE(shown.out.find("supported      six epochs"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("beware: the two differ in trainer.epochs too"), std::string::npos) << shown.out;
    const ProcessResult some = labhost({"results", file, "--seeds", "1,2,3,4"});
    EXPECT_NE(some.out.find("net-s4 has no result (new)"), std::string::npos) << some.out;
}

}  // namespace
}  // namespace labhost
