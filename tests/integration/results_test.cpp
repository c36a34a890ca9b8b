// labhost results and gc on runs that were trained.
#include "program.hpp"
#include "sweep/garbage.hpp"

namespace labhost {
namespace {

class Results : public testing::ProgramTest {
protected:
    void expect_refusal_of(std::vector<std::string> arguments, const std::string& words) {
        arguments.emplace(arguments.begin(), "results");
        const ProcessResult result = labhost(arguments);
        EXPECT_EQ(result.exit_code, 2) << result.out;
        EXPECT_NE(result.err.find(words), std::string::npos) << result.err;
    }
};

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
    EXPECT_NE(labhost({"results", "runs", "--where", "params.p<=abc"}).err.find("'abc' is no number"),
              std::string::npos);
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
    const Garbage checkpoint{
        .path = run / "checkpoint.pt", .run = run, .fingerprint = read_result(run).value().fingerprint};
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
    EXPECT_NE(shown.out.find("beware: the runs differ in trainer.epochs too"), std::string::npos) << shown.out;
    const ProcessResult some = labhost({"results", file, "--seeds", "1,2,3,4"});
    EXPECT_NE(some.out.find("net-s4 has no result (new)"), std::string::npos) << some.out;
}

TEST_F(Results, NoiseIsTheSpreadOverSeeds) {
    ASSERT_EQ(labhost({experiment(two_runs), "--seeds", "1,2,3"}).exit_code, 0);
    const ProcessResult noise =
        labhost({"results", "runs", "--noise", "--metric", "train.loss", "--metric", "test.accuracy@1", "--json"});
    ASSERT_EQ(noise.exit_code, 0) << noise.err;
    const json floors = json::parse(noise.out).at("noise");
    ASSERT_EQ(floors.size(), 4U);
    EXPECT_EQ(floors[0].at("configuration"), "net2-p0.25");
    EXPECT_EQ(floors[0].at("metric"), "train.loss");
    EXPECT_EQ(floors[0].at("seeds"), 3);
    EXPECT_GT(floors[0].at("deviation"), 0.0);
    EXPECT_GT(floors[0].at("resolves"), floors[0].at("deviation"));
    EXPECT_EQ(floors[3].at("metric"), "test.accuracy@1");
    EXPECT_NE(labhost({"results", "runs", "--noise"}).out.find("resolves:"), std::string::npos);
    EXPECT_NE(
        labhost({"results", "runs", "--noise", "--metric", "test.acuracy"}).err.find("did you mean 'test.accuracy'?"),
        std::string::npos);
    EXPECT_EQ(labhost({"results", "runs", "--metric", "test.loss"}).exit_code, 2);
    EXPECT_EQ(labhost({"results", "runs", "--noise", "--compare"}).exit_code, 2);
}

TEST_F(Results, AreComparedByConfigurationAndBySeed) {
    ASSERT_EQ(labhost({experiment(two_runs), "--seeds", "1,2,3"}).exit_code, 0);
    ASSERT_EQ(labhost({experiment(two_runs, "f.toml"), "--seeds", "2,3,4", "--set", "trainer.batch_size=32"}).exit_code,
              0);
    const ProcessResult configurations =
        labhost({"results", "--compare", "net2-p0.25", "net2-p0.5", "runs/e", "--json"});
    ASSERT_EQ(configurations.exit_code, 0) << configurations.err;
    const json rows = json::parse(configurations.out).at("rows");
    ASSERT_EQ(rows.size(), 4U) << "a row for each of the usual metrics";
    EXPECT_EQ(rows[0].at("configuration"), "net2-p0.25 - net2-p0.5");
    EXPECT_EQ(rows[0].at("seeds"), 3);
    EXPECT_NEAR(rows[0].at("difference"),
                rows[0].at("a").at("mean").get<double>() - rows[0].at("b").at("mean").get<double>(), 1e-9);

    const ProcessResult folders =
        labhost({"results", "--compare", "runs/e", "runs/f", "--metric", "train.loss", "--json"});
    ASSERT_EQ(folders.exit_code, 0) << folders.err;
    const json sides = json::parse(folders.out).at("rows");
    ASSERT_EQ(sides.size(), 2U);
    EXPECT_EQ(sides[0].at("seeds"), 2) << "2 and 3";
    EXPECT_EQ(sides[0].at("unpaired"), 2) << "1 and 4";
    EXPECT_GT(sides[0].at("difference"), 0.0) << "twice as many steps";
    EXPECT_NE(labhost({"results", "--compare", "runs/e", "runs/f", "--markdown"})
                  .out.find("| net2-p0.25 | test.accuracy | 2 |"),
              std::string::npos);
    EXPECT_NE(labhost({"results", "--compare", "runs/e", "runs/f", "--csv"}).out.find("configuration,metric,seeds,A,B"),
              std::string::npos);

    expect_refusal_of({"--compare", "net2-p0.25", "net2-p0.6", "runs/e"}, "did you mean 'net2-p0.");
    expect_refusal_of({"--compare", "net2-p0.25", "net2-p0.5", "runs"},
                      "there are several: e/net2-p0.25 and f/net2-p0.25");
    EXPECT_EQ(labhost({"results", "--compare", "e/net2-p0.25", "f/net2-p0.25"}).exit_code, 0);
    expect_refusal_of({"--compare", "runs/e"}, "takes two RUNS, or two configurations");
    expect_refusal_of({"--compare", "runs", "runs/e"}, "has 2 configurations called net2-p0.25");
}

TEST_F(Results, AFolderKnowsItsClaimsWithoutTheFile) {
    const std::string file =
        experiment(std::string(two_runs) +
                   "[[claim]]\nsays = \"it is known\"\ntest = \"equivalent\"\nof = \"net2-p0.25\"\n"
                   "than = \"net2-p0.5\"\nmargin = 90\n");
    ASSERT_EQ(labhost({file, "--seeds", "1,2,3"}).exit_code, 0);
    std::filesystem::remove(file);
    std::filesystem::rename(folder_ / "runs", folder_ / "elsewhere");
    const ProcessResult result = labhost({"results", "elsewhere", "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json claims = json::parse(result.out).at("claims");
    ASSERT_EQ(claims.size(), 1U);
    EXPECT_EQ(claims[0].at("says"), "it is known");
    EXPECT_EQ(claims[0].at("verdict"), "supported");
}

/// What a run was asked by, and what its model made of the test images.
TEST_F(Results, ARunKeepsItsCommandItsRevisionAndItsPredictions) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    for (const std::string& command :
         {std::string("git init -q . && git add e.toml && git -c user.name=n -c user.email=e commit -qm m")})
        ASSERT_EQ(run_process({"sh", "-c", command}, {.folder = folder_.path()}).exit_code, 0);
    ASSERT_EQ(labhost({"run", "e.toml", "--set", "trainer.epochs=2"}).exit_code, 0);
    const auto run = run_folder("e", "net-s1");
    const json provenance = json::parse(read_file(run / "run.json")).at("provenance");
    EXPECT_EQ(provenance.at("command"), "labhost run e.toml --set trainer.epochs=2");
    EXPECT_EQ(provenance.at("git").get<std::string>().size(), 40U) << provenance.at("git");
    const json predictions = json::parse(read_file(run / "predictions.json"));
    int right = 0;
    int all = 0;
    for (std::size_t i = 0; i < 10; ++i)
        for (std::size_t j = 0; j < 10; ++j) {
            all += predictions.at("confusion")[i][j].get<int>();
            right += i == j ? predictions.at("confusion")[i][j].get<int>() : 0;
        }
    EXPECT_EQ(all, 100);
    EXPECT_EQ(right, json::parse(read_file(run / "result.json")).at("final").at("test.correct"));
    folder_.write("e.toml", read_file(file) + "# changed\n");
    ASSERT_EQ(labhost({"run", "e.toml", "--seeds", "2"}).exit_code, 0);
    const json changed = json::parse(read_file(run_folder("e", "net-s2") / "run.json"));
    EXPECT_NE(changed.at("provenance").at("git").get<std::string>().find(" and changes"), std::string::npos);
}

/// However often, and under whatever name, a place is given.
TEST_F(Results, APlaceThatIsNamedTwiceCountsOnce) {
    const std::string file = experiment(
        std::string(two_runs) +
        "[[claim]]\nsays = \"s\"\ntest = \"equivalent\"\nof = \"net2-p0.25\"\nthan = \"net2-p0.5\"\nmargin = 90\n");
    ASSERT_EQ(labhost({file}).exit_code, 0);
    const json once = json::parse(labhost({"results", "runs", "--json"}).out);
    for (const std::vector<std::string>& places :
         {std::vector<std::string>{"runs", "runs/e/", "./runs/../runs"}, {file, "runs"}}) {
        std::vector<std::string> arguments{"results", "--json"};
        arguments.insert(arguments.end(), places.begin(), places.end());
        const json all = json::parse(labhost(arguments).out);
        EXPECT_EQ(all.at("runs").size(), once.at("runs").size());
        EXPECT_EQ(all.at("claims").size(), 1U);
    }
}

TEST_F(Results, ReportAndExportGoWhereTheyAreTold) {
    ASSERT_EQ(labhost({experiment("[[run]]\nmodel = \"net\"\n")}).exit_code, 0);
    std::filesystem::create_directory(folder_ / "folder");
    folder_.write("old.html", "old");
    std::filesystem::create_symlink("old.html", folder_ / "link.html");
    ASSERT_EQ(run_process({"mkfifo", "pipe"}, {.folder = folder_.path()}).exit_code, 0);
    for (const char* place : {"folder", "folder/", "pipe", "no-folder/page.html", ""}) {
        const ProcessResult refused = labhost({"report", "runs", "--output", place});
        EXPECT_EQ(refused.exit_code, 2) << place << refused.err;
        EXPECT_NE(refused.err.find("choose another with --output"), std::string::npos) << refused.err;
    }
    ASSERT_EQ(labhost({"report", "runs", "--output", "link.html"}).exit_code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link.html"));
    EXPECT_NE(read_file(folder_ / "old.html").find("<!DOCTYPE html>"), std::string::npos);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
        EXPECT_EQ(entry.path().native().find(".tmp"), std::string::npos) << "left behind: " << entry.path();

    // What a record says of itself does not lead out of the folder.
    const auto run = run_folder("e", "net-s1");
    json record = json::parse(read_file(run / "run.json"));
    record["experiment"] = "../../outside";
    record["trainer"]["device"] = nullptr;
    folder_.write(std::filesystem::relative(run / "run.json", folder_.path()), record.dump());
    ASSERT_EQ(labhost({"export", run.native() + "/", "--tensorboard", "a/b/events"}).exit_code, 0);
    EXPECT_TRUE(file_exists(folder_ / "a/b/events/.._.._outside" / run.filename()));
    EXPECT_EQ(labhost({"export", "runs"}).exit_code, 2);
    EXPECT_EQ(labhost({"export", "runs", "--csv", "--json"}).exit_code, 2);
}

}  // namespace
}  // namespace labhost
