// Runs that share a worker process, in turns: each gives what it gives alone, and what goes wrong is tried again alone.
// On a CPU it is only asked for here; on a GPU it is how runs are packed.
#include <fmt/format.h>

#include "sweep_program.hpp"

namespace labhost {
namespace {

using nlohmann::json;

class SharedProcess : public testing::SweepProgramTest {
protected:
    /// Dropout among them: random draws in every step. Sixteen steps an epoch, so that turns end within them.
    static constexpr const char* four =
        "[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net2\"\n[[run]]\nmodel = \"net3\"\n[[run]]\nmodel = \"net4\"\n";
    static constexpr const char* small_batches[] = {"--set", "trainer.batch_size=8", "--set", "trainer.epochs=2"};

    ProcessResult sweep(const std::string& file, std::vector<std::string> more) {
        more.insert(more.begin(), {file, "--plugins", LABHOST_BAD_PLUGINS});
        more.insert(more.end(), std::begin(small_batches), std::end(small_batches));
        return labhost(more);
    }

    json result_of(const std::string& id) { return json::parse(read_file(run_folder("e", id) / "result.json")); }
};

TEST_F(SharedProcess, GivesTheBitsOfARunAlone) {
    const std::string file = experiment(std::string(four) + "[[run]]\nmodel = \"net1\"\n[[run]]\nmodel = \"net5\"\n");
    ASSERT_EQ(sweep(file, {"--runs", "alone"}).exit_code, 0);
    ASSERT_EQ(sweep(file, {"--runs", "shared", "--jobs", "4", "--per-process", "4"}).exit_code, 0);
    ASSERT_EQ(sweep(file, {"--runs", "refilled", "--jobs", "2", "--per-process", "2"}).exit_code, 0);
    const auto expected = all_numbers("alone");
    ASSERT_EQ(expected.size(), 6U);
    EXPECT_TRUE(all_numbers("shared") == expected);
    EXPECT_TRUE(all_numbers("refilled") == expected);
}

TEST_F(SharedProcess, OneThatCrashesIsRecordedAndTheOthersAreTriedAgainAlone) {
    if (LABHOST_SANITIZED) GTEST_SKIP() << "a sanitizer ends a process in its own way";
    ASSERT_EQ(sweep(experiment(four), {"--runs", "alone"}).exit_code, 0);
    const std::string file = experiment(std::string(four) + "[[run]]\nmodel = \"crashes_in_forward\"\n");
    const ProcessResult result = sweep(file, {"--jobs", "5", "--per-process", "5"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_NE(result.err.find("was killed by SIGSEGV; each of them is tried again in one of its own"),
              std::string::npos)
        << result.err;
    EXPECT_EQ(result_of("crashes_in_forward-s1").at("reason"),
              "plugin 'crashes_in_forward' was killed by SIGSEGV in epoch 1, after training batch 2 of 16");
    EXPECT_TRUE(all_numbers("runs") == all_numbers("alone"));
}

/// A GPU's fault may show in any run of its process.
TEST_F(SharedProcess, AFailureIsBelievedOnceARunHasItAlone) {
    ASSERT_EQ(sweep(experiment(four), {"--runs", "alone"}).exit_code, 0);
    const std::string file = experiment(std::string(four) + "[[run]]\nmodel = \"throws_in_forward\"\n");
    const ProcessResult result = sweep(file, {"--jobs", "5", "--per-process", "5"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_NE(result.err.find("throws_in_forward-s1 failed beside other runs: "), std::string::npos) << result.err;
    EXPECT_TRUE(result_of("throws_in_forward-s1")
                    .at("reason")
                    .get<std::string>()
                    .starts_with("plugin 'throws_in_forward' failed in forward: "));
    EXPECT_TRUE(all_numbers("runs") == all_numbers("alone"));
    EXPECT_EQ(result.err.find("each of them is tried again"), std::string::npos) << result.err;  // the others went on
}

TEST_F(SharedProcess, InterruptedItGoesOnToTheSameBits) {
    const std::string file = experiment(four);
    const std::vector<std::string> longer{"--set", "data.train_limit=1280"};
    ASSERT_EQ(sweep(file, {"--runs", "alone", longer[0], longer[1]}).exit_code, 0);
    bool resumed = false;
    int exit_code = 130;
    for (int attempt = 0; exit_code == 130 && attempt < 40; ++attempt) {
        std::vector<std::string> command{"timeout", "--foreground", "--preserve-status", "-s", "INT",
                                         // Until even a slow machine gets on.
                                         fmt::format("{:.1f}", 1.0 + 0.5 * attempt), LABHOST_PROGRAM, file, "--jobs",
                                         "2", "--per-process", "2"};
        command.insert(command.end(), std::begin(small_batches), std::end(small_batches));
        command.insert(command.end(), longer.begin(), longer.end());
        const ProcessResult result = run_process(command, {.folder = folder_.path()});
        exit_code = result.exit_code;
        resumed |= result.err.find("goes on from epoch") != std::string::npos;
    }
    EXPECT_EQ(exit_code, 0);
    EXPECT_TRUE(resumed);
    EXPECT_TRUE(all_numbers("runs") == all_numbers("alone"));
}

TEST_F(SharedProcess, IsRefusedWhereARunNeedsAProcess) {
    const ProcessResult result =
        labhost({experiment(four), "--set", "trainer.numerics=\"fast\"", "--jobs", "4", "--per-process", "4"});
    expect_refusal(result, 2, "--per-process: on a CPU, the kernels of numerics = \"fast\" are a process's");
}

}  // namespace
}  // namespace labhost
