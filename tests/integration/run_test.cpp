// labhost run: what it leaves on disk, what it prints, and that nothing is trained twice.
#include "program.hpp"

namespace labhost {
namespace {

using RunCommand = testing::ProgramTest;
using nlohmann::json;

TEST_F(RunCommand, LeavesTheContractsFiles) {
    const ProcessResult result = labhost({experiment("epochs_are = 1\n[[run]]\nmodel = \"net\"\n").c_str()});
    expect_refusal(result, 2, "unknown key 'epochs_are'");

    ASSERT_EQ(labhost({"run", experiment("[[run]]\nmodel = \"net3\"\n"), "--set", "trainer.epochs=2"}).exit_code, 0);
    const auto folder = run_folder("e", "net3-s1");
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        names.push_back(entry.path().filename().native());
    std::ranges::sort(names);
    EXPECT_EQ(names, (std::vector<std::string>{"checkpoint.pt", "log.txt", "metrics.jsonl", "model.pt",
                                               "predictions.json", "result.json", "run.json"}));

    const json run = json::parse(read_file(folder / "run.json"));
    EXPECT_EQ(run.at("id"), "net3-s1");
    EXPECT_EQ(run.at("params").at("p"), 0.5);
    EXPECT_EQ(folder.filename().native(), "net3-s1-" + run.at("fingerprint").get<std::string>().substr(0, 8));
    const json result_json = json::parse(read_file(folder / "result.json"));
    EXPECT_EQ(result_json.at("status"), "finished");
    const std::string metrics = read_file(folder / "metrics.jsonl");
    EXPECT_EQ(std::ranges::count(metrics, '\n'), 2);
    EXPECT_EQ(result_json.at("final"), json::parse(metrics.substr(metrics.find('\n') + 1)));
    EXPECT_TRUE(read_file(folder / "log.txt").starts_with("Train Epoch 1\n Train set: Average loss: "));
}

TEST_F(RunCommand, AFinishedRunIsNotTrainedAgainUnlessForced) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net2\"\n");
    ASSERT_EQ(labhost({file, "--only", "net-s1"}).exit_code, 0);
    const auto result = run_folder("e", "net-s1") / "result.json";
    const auto written = std::filesystem::last_write_time(result);
    const ProcessResult again = labhost({file});
    EXPECT_EQ(again.exit_code, 0);
    EXPECT_NE(again.err.find("net-s1  finished before"), std::string::npos) << again.err;
    EXPECT_EQ(std::filesystem::last_write_time(result), written);
    EXPECT_TRUE(std::filesystem::exists(run_folder("e", "net2-s1") / "result.json"));
    EXPECT_EQ(labhost({file, "--force"}).exit_code, 0);
    EXPECT_NE(std::filesystem::last_write_time(result), written);
}

TEST_F(RunCommand, TheSameSettingsGiveTheSameBytesAndAnotherSeedOthers) {
    const std::string file = experiment("[[run]]\nmodel = \"net2\"\n");
    const auto model = [&](const std::string& runs, const std::string& seed) {
        EXPECT_EQ(labhost({file, "--runs", runs, "--seeds", seed}).exit_code, 0);
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / runs))
            if (entry.path().filename() == "model.pt") return read_file(entry.path());
        ADD_FAILURE() << "no model.pt in " << runs;
        return std::string();
    };
    const std::string first = model("a", "5");
    EXPECT_EQ(first, model("b", "5"));
    EXPECT_NE(first, model("c", "6"));
}

TEST_F(RunCommand, ARunsNumbersDoNotDependOnTheRunsBeforeIt) {
    const std::string file =
        experiment("[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net2\"\n[[run]]\nmodel = \"net5\"\n");
    ASSERT_EQ(labhost({file}).exit_code, 0);
    ASSERT_EQ(labhost({file, "--only", "net5-*", "--runs", "alone"}).exit_code, 0);
    const auto together = run_folder("e", "net5-s1");
    EXPECT_EQ(read_file(together / "model.pt"), read_file(folder_ / "alone" / "e" / together.filename() / "model.pt"));
}

TEST_F(RunCommand, AnUnfinishedRunStartsAgain) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    ASSERT_EQ(labhost({file}).exit_code, 0);
    const auto folder = run_folder("e", "net-s1");
    std::filesystem::remove(folder / "result.json");
    EXPECT_NE(labhost({"plan", file}).out.find("resumable"), std::string::npos);
    std::filesystem::remove(folder / "checkpoint.pt");
    EXPECT_NE(labhost({"plan", file}).out.find("unfinished"), std::string::npos);
    ASSERT_EQ(labhost({file}).exit_code, 0);
    EXPECT_TRUE(std::filesystem::exists(folder / "result.json"));
    const std::string metrics = read_file(folder / "metrics.jsonl");
    EXPECT_EQ(std::ranges::count(metrics, '\n'), 1);
}

TEST_F(RunCommand, JsonIsOneDocumentAndProgressGoesToStandardError) {
    const ProcessResult result =
        labhost({experiment("[[run]]\nmodel = \"net2\"\ngrid = { \"params.p\" = [0.25, 1.0] }\n"), "--json"});
    ASSERT_EQ(result.exit_code, 0);
    const json document = json::parse(result.out);
    EXPECT_EQ(document.at("schema"), 1);
    EXPECT_EQ(document.at("experiment"), "e");
    ASSERT_EQ(document.at("runs").size(), 2U);
    const json& run = document.at("runs").at(1);
    EXPECT_EQ(run.at("id"), "net2-p1-s1");
    EXPECT_EQ(run.at("status"), "finished");
    EXPECT_EQ(run.at("model"), "net2");
    EXPECT_EQ(run.at("params").at("p"), 1.0);
    EXPECT_EQ(run.at("seed"), 1);
    EXPECT_EQ(run.at("final").at("epoch"), 1);
    EXPECT_TRUE(std::filesystem::exists(folder_ / run.at("folder").get<std::string>() / "result.json"));
    EXPECT_EQ(run.at("fingerprint").get<std::string>().size(), 64U);
    EXPECT_NE(result.err.find("net2-p0.25-s1  epoch 1/1"), std::string::npos) << result.err;
}

TEST_F(RunCommand, QuietSaysNothingButTheTable) {
    const ProcessResult result = labhost({experiment("[[run]]\nmodel = \"net\"\n"), "--quiet"});
    EXPECT_EQ(result.err, "");
    EXPECT_NE(result.out.find("net-s1"), std::string::npos);
}

TEST_F(RunCommand, AProfileSaysWhereTheTimeWentAndChangesNoNumber) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    ASSERT_EQ(labhost({file, "--runs", "plain"}).exit_code, 0);
    const ProcessResult result = labhost({file, "--profile"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto run = run_folder("e", "net-s1");
    EXPECT_NE(result.err.find("profile.txt"), std::string::npos) << result.err;
    const std::string table = read_file(run / "profile.txt");
    for (const char* row : {"data ", "forward ", "backward ", "optimizer ", "test ", "aten::convolution "})
        EXPECT_NE(table.find(std::string("\n") + row), std::string::npos) << row << " in " << table;
    const json trace = json::parse(read_file(run / "trace.json"));
    double backward = 0.0;
    for (const json& event : trace.at("traceEvents"))
        if (event.at("name") == "backward") backward += event.at("dur").get<double>();
    EXPECT_GT(backward, 0.0);
    EXPECT_EQ(read_file(run / "model.pt"), read_file(folder_ / "plain" / "e" / run.filename() / "model.pt"));
    EXPECT_NE(labhost({file, "--runs", "plain", "--profile"}).err.find("no profile: it was finished before"),
              std::string::npos);
}

TEST_F(RunCommand, FastNumericsTrainTheSameNetworkEachTimeToTheSameBits) {
    const std::string fast = "[[run]]\nmodel = \"net3\"\ntrainer = { numerics = \"fast\", epochs = 3 }\n";
    ASSERT_EQ(labhost({experiment(fast)}).exit_code, 0);
    ASSERT_EQ(labhost({experiment(fast), "--runs", "again"}).exit_code, 0);
    ASSERT_EQ(
        labhost({experiment("[[run]]\nmodel = \"net3\"\ntrainer = { epochs = 3 }\n"), "--runs", "exact"}).exit_code, 0);
    const auto run = run_folder("e", "net3-s1");
    EXPECT_EQ(read_file(run / "model.pt"), read_file(folder_ / "again" / "e" / run.filename() / "model.pt"));
    const double ours = json::parse(read_file(run / "result.json")).at("final").at("train.loss");
    int exact_runs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "exact" / "e")) {
        if (!entry.is_directory()) continue;
        ++exact_runs;
        EXPECT_NE(entry.path().filename(), run.filename()) << "another fingerprint";
        const double exact = json::parse(read_file(entry.path() / "result.json")).at("final").at("train.loss");
        EXPECT_NEAR(ours, exact, 1e-3);
        EXPECT_NE(ours, exact);
    }
    EXPECT_EQ(exact_runs, 1);
}

TEST_F(RunCommand, OtherPrecisionsAreOfGpusAndGoWithFastNumerics) {
    const auto with = [&](const std::string& settings) {
        return labhost({experiment("[[run]]\nmodel = \"net\"\ntrainer = { " + settings + " }\n")});
    };
    for (const std::string precision : {"tf32", "bf16"}) {
        expect_refusal(with("precision = \"" + precision + "\""), 2, "goes with trainer.numerics = \"fast\" only");
        expect_refusal(
            with("numerics = \"fast\", precision = \"" + precision + "\""), 2,
            "trainer.precision = \"" + precision + "\" is of GPUs; on a CPU use \"float32\", which is faster there");
    }
    EXPECT_EQ(with("numerics = \"fast\", precision = \"float32\"").exit_code, 0);
}

TEST_F(RunCommand, OffATerminalNothingMoves) {
    const ProcessResult result = labhost({experiment("[[run]]\nmodel = \"net\"\n")});
    EXPECT_EQ((result.out + result.err).find('\x1b'), std::string::npos);
    EXPECT_EQ((result.out + result.err).find('\r'), std::string::npos);
}

TEST_F(RunCommand, OnATerminalThereIsALiveLine) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    const std::string command = std::string(LABHOST_PROGRAM) + " " + file + " --no-color";
    const ProcessResult result = run_process({"script", "-qec", command, "/dev/null"}, {.folder = folder_.path()});
    EXPECT_EQ(result.exit_code, 0);
    for (const char* words : {"\r\x1b[K", "epoch 1/1 train  2/2", "epoch 1/1 test ", "images/s", "loss ", " left"})
        EXPECT_NE(result.out.find(words), std::string::npos) << words << " in " << result.out;
    EXPECT_EQ(result.out.find("\x1b[3"), std::string::npos) << "a colour in spite of --no-color";
}

TEST_F(RunCommand, CrossEntropyOfLogProbabilitiesIsTheirNll) {
    // log_softmax is idempotent up to rounding, so both losses agree to many digits on the same models.
    const auto loss = [&](const std::string& kind) {
        const ProcessResult result =
            labhost({experiment("loss = \"" + kind + "\"\n[[run]]\nmodel = \"net\"\n"), "--json"});
        return json::parse(result.out).at("runs").at(0).at("final").at("train.loss").get<double>();
    };
    EXPECT_NEAR(loss("nll"), loss("cross_entropy"), 1e-4);
}

TEST_F(RunCommand, ASignalStopsItAndTheSameCommandGoesOn) {
    const std::string file =
        experiment("[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net1\"\ntrainer = { epochs = 1000 }\n");
    for (const auto& [signal, code] : {std::pair("INT", 130), std::pair("TERM", 143)}) {
        const ProcessResult result =
            stopped_when("ls runs/e/net-s1-*/result.json && grep -E 'net1-s1  (epoch|goes on)' said.err", signal, file);
        EXPECT_EQ(result.exit_code, code) << result.err;
        EXPECT_NE(result.err.find(std::string("stopped by SIG") + signal), std::string::npos) << result.err;
        EXPECT_TRUE(std::filesystem::exists(run_folder("e", "net-s1") / "result.json"));
        EXPECT_FALSE(std::filesystem::exists(run_folder("e", "net1-s1") / "result.json"));
    }
}

TEST_F(RunCommand, DoesWhatTheReadmeExperimentSays) {
    const ProcessResult plan = labhost({"plan", std::string(LABHOST_SOURCE) + "/experiments/q4.toml", "--json"});
    ASSERT_EQ(plan.exit_code, 0) << plan.err;
    std::vector<std::string> ids;
    const json document = json::parse(plan.out);
    for (const json& run : document.at("runs")) ids.push_back(run.at("id"));
    EXPECT_EQ(ids, (std::vector<std::string>{"net-s1", "net1-s1", "net2-p0.25-s1", "net2-p0.5-s1", "net2-p0.75-s1",
                                             "net2-p1-s1", "net3-s1", "net4-s1", "net5-s1"}));
}

}  // namespace
}  // namespace labhost
