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

}  // namespace
}  // namespace labhost
