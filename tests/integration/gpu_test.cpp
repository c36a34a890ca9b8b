// On a GPU, where runs share a process unasked and their steps are CUDA graphs: a run's numbers are those of the run
// alone, whatever is beside it, and what goes wrong costs no other run. Skipped where there is no GPU.
#include <fmt/format.h>

#include "sweep_program.hpp"

namespace labhost {
namespace {

using nlohmann::json;

class Sweeps : public testing::SweepProgramTest {
protected:
    /// Dropout and batch normalisation among them. Sixteen steps an epoch, so that turns end within them.
    static constexpr const char* four =
        "[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net2\"\n[[run]]\nmodel = \"net3\"\n[[run]]\nmodel = \"net4\"\n";

    /// Skips the test where no GPU can be had.
    void SetUp() override {
        const ProcessResult plan = labhost({experiment(four, "plan.toml"), "--dry-run", "--device", "cuda"});
        if (plan.exit_code == 4) GTEST_SKIP() << plan.err;
        ASSERT_EQ(plan.exit_code, 0) << plan.err;
    }

    static std::vector<std::string> command(const std::string& file, std::vector<std::string> more) {
        more.insert(more.begin(), {file, "--plugins", LABHOST_BAD_PLUGINS, "--device", "cuda", "--set",
                                   "trainer.batch_size=8", "--set", "trainer.epochs=2"});
        return more;
    }

    ProcessResult sweep(const std::string& runs, std::vector<std::string> more,
                        std::map<std::string, std::string> environment = {}) {
        return labhost(command(experiment(runs), std::move(more)), std::move(environment));
    }

    /// The numbers of the four, each alone in a process.
    std::map<std::string, std::string> alone(std::vector<std::string> more = {}, const std::string& runs = "alone") {
        more.insert(more.begin(), {"--runs", runs, "--per-gpu", "1"});
        const ProcessResult result = sweep(four, more);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        auto numbers = all_numbers(runs);
        EXPECT_EQ(numbers.size(), 4U);
        return numbers;
    }

    /// That each of the four has these numbers, whatever was beside it.
    void expect_numbers(const std::map<std::string, std::string>& expected) {
        const auto found = all_numbers("runs");
        for (const auto& [run, numbers] : expected) EXPECT_TRUE(found.contains(run) && found.at(run) == numbers) << run;
    }

    json result_of(const std::string& id) { return json::parse(read_file(run_folder("e", id) / "result.json")); }
};

TEST_F(Sweeps, OnAGpuTogetherGiveTheBitsOfARunAlone) {
    const auto expected = alone();
    ASSERT_EQ(sweep(four, {}).exit_code, 0);
    expect_numbers(expected);
}

/// --profile takes no graphs.
TEST_F(Sweeps, OnAGpuGraphsGiveTheBitsOfKernelsLaunchedOneByOne) {
    for (const std::string numerics : {"pytorch", "fast"}) {
        const std::string set = fmt::format("trainer.numerics=\"{}\"", numerics);
        const auto expected = alone({"--set", set, "--profile"}, numerics);
        ASSERT_EQ(sweep(four, {"--set", set}).exit_code, 0);
        expect_numbers(expected);
    }
}

TEST_F(Sweeps, OnAGpuInterruptedInAnEpochGoOnToTheSameBits) {
    const std::vector<std::string> longer{"--set", "data.train_limit=20000"};
    const auto expected = alone(longer);
    bool resumed = false;
    int exit_code = 130;
    for (int attempt = 0; exit_code == 130 && attempt < 20; ++attempt) {
        std::vector<std::string> line{"timeout",      "--foreground", "--preserve-status",
                                      "-s",           "INT",          fmt::format("{:.1f}", 3.0 + 0.5 * attempt),
                                      LABHOST_PROGRAM};
        const auto more = command(experiment(four), longer);
        line.insert(line.end(), more.begin(), more.end());
        const ProcessResult result = run_process(line, {.folder = folder_.path()});
        exit_code = result.exit_code;
        resumed |= result.err.find("goes on from epoch") != std::string::npos;
    }
    EXPECT_EQ(exit_code, 0);
    EXPECT_TRUE(resumed);
    expect_numbers(expected);
}

TEST_F(Sweeps, OnAGpuOneThatNoGraphHoldsIsTrainedWithoutAndTheOthersWith) {
    const auto expected = alone();
    const ProcessResult result = sweep(std::string(four) + "[[run]]\nmodel = \"syncs_in_forward\"\n", {});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.err.find("plugin 'syncs_in_forward': a training step cannot be captured as a CUDA graph"),
              std::string::npos)
        << result.err;
    expect_numbers(expected);
}

TEST_F(Sweeps, OnAGpuAnAssertionOfADeviceIsItsRunsOwnFailure) {
    const auto expected = alone();
    const ProcessResult result = sweep(std::string(four) + "[[run]]\nmodel = \"asserts_on_device\"\n", {});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_NE(result_of("asserts_on_device-s1").at("reason").get<std::string>().find("device-side assert"),
              std::string::npos)
        << result_of("asserts_on_device-s1").dump();
    expect_numbers(expected);
}

TEST_F(Sweeps, OnAGpuThoseThatDoNotFitBesideEachOtherAreTrainedOneAfterTheOther) {
    const ProcessResult doctor = labhost({"doctor", "--json"});
    const json said = json::parse(doctor.out);
    std::uint64_t memory = 0;
    for (const json& finding : said.at("checks"))
        if (finding.at("name") == "GPU 0") memory = finding.at("memory").get<std::uint64_t>();
    ASSERT_GT(memory, 0U) << doctor.out;
    const std::string gib = std::to_string(memory * 6 / 10 >> 30);
    const ProcessResult result = sweep("[[run]]\nmodel = \"takes_memory\"\n[[run]]\nmodel = \"net\"\n",
                                       {"--seeds", "1,2"}, {{"LABHOST_TEST_GIB", gib}});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(all_numbers("runs").size(), 4U);
}

TEST_F(Sweeps, OnAGpuOneThatNeedsMoreMemoryThanThereIsFailsAndSaysSo) {
    const ProcessResult result = sweep("[[run]]\nmodel = \"takes_memory\"\n", {}, {{"LABHOST_TEST_GIB", "4000"}});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_NE(result_of("takes_memory-s1").at("reason").get<std::string>().find("memory"), std::string::npos);
}

TEST_F(Sweeps, OnAGpuAnOperatorWithoutADeterministicFormIsNamedAndRecordedOrRefused) {
    const std::string run = "[[run]]\nmodel = \"adds_in_any_order\"\n";
    ProcessResult result = sweep(run, {});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(
        result.err.find("LibTorch has no form of adaptive_max_pool2d_backward_cuda that gives the same bits each time"),
        std::string::npos)
        << result.err;
    const json record = json::parse(read_file(run_folder("e", "adds_in_any_order-s1") / "run.json"));
    EXPECT_EQ(record.at("provenance").at("nondeterministic"), json::array({"adaptive_max_pool2d_backward_cuda"}));
    result = sweep(run, {"--set", "trainer.deterministic=true", "--runs", "refused"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_NE(result.err.find("LibTorch has no form of 'adaptive_max_pool2d_backward_cuda'"), std::string::npos)
        << result.err;
}

TEST_F(Sweeps, OnAGpuOneWhoseDropoutCudnnKeepsHasNoCheckpointsAndSaysSo) {
    const ProcessResult result = sweep("[[run]]\nmodel = \"recurrent_dropout\"\n", {});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.err.find("recurrent layers with dropout, whose random state cuDNN keeps to itself"),
              std::string::npos)
        << result.err;
    EXPECT_FALSE(std::filesystem::exists(run_folder("e", "recurrent_dropout-s1") / "checkpoint.pt"));
}

}  // namespace
}  // namespace labhost
