// labhost validate: each of its tests can fail, and the six plugins pass all of them.
#include <map>

#include <fmt/format.h>

#include "program.hpp"

namespace labhost {
namespace {

using nlohmann::json;

class Validate : public testing::ProgramTest {
protected:
    static std::string bad(const std::string& name) { return LABHOST_BAD_PLUGINS "/" + name + ".so"; }

    /// The outcome of each test, by name; what else it says in `details_`.
    std::map<std::string, std::string> validate(std::vector<std::string> arguments, int exit_code) {
        arguments.insert(arguments.begin(), "validate");
        arguments.emplace_back("--json");
        const ProcessResult result = labhost(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
        std::map<std::string, std::string> outcomes;
        const json document = json::parse(result.out);
        for (const json& test : document.at("plugins").at(0).at("tests")) {
            outcomes[test.at("name")] = test.at("outcome");
            details_[test.at("name")] = test.at("detail");
        }
        return outcomes;
    }

    std::map<std::string, std::string> details_;
};

struct Breaker {
    const char* test;
    const char* plugin;
    const char* words;
};

void PrintTo(const Breaker& breaker, std::ostream* out) { *out << breaker.plugin; }

constexpr Breaker breakers[] = {
    {"exports", "exports_more", "it exports "},
    {"quiet-load", "static_tensor", "operators of LibTorch ran while it was loaded"},
    {"quiet-load", "starts_a_thread", "1 thread was started while it was loaded"},
    {"refuses-parameters", "takes_any_value", "create takes 'p' although it is not a number in 0..1"},
    {"defaults", "unseeded", "'fc.weight' differs"},
    {"parameter-ranges", "range_too_wide", "the output is not finite with gain = 1e+300"},
    {"parameter-ranges", "faulty", "with fault = forward, unused = 3, flag = true: plugin 'faulty' failed in forward"},
    {"batch-sizes", "fixed_batch", "evaluating a batch of 1: "},
    {"input-unchanged", "writes_input", "forward in evaluation writes into its input"},
    {"output", "wrong_shape", "returned Float [7, 9] from forward, but declares float32 [7, 10]"},
    {"output", "nan_output", "the output is not finite"},
    {"log-probabilities", "logits", "validate with --loss cross_entropy"},
    {"train-eval", "always_drops", "evaluating the same batch twice gives two results"},
    {"two-threads", "shares_state", ""},
    {"same-seed", "unseeded", "'fc.weight' differs between two models of the same seed"},
    {"gradients-reach", "unused_layer", "'unused.weight' gets no gradient"},
    {"registration", "registered_twice", "'fc.weight' and 'again.weight' are the same tensor"},
    {"registration", "unregistered_layer", "a tensor of shape [784, 784] gets gradients but is not registered"},
    {"state-dict", "unregistered_buffer", "gives other outputs"},
    {"finite-differences", "wrong_gradient", "the gradient of 'fc.weight' is "},
    {"learns", "learns_nothing", "the loss went from 2.3026 to 2.3026"},
};

class ValidateBreaker : public Validate, public ::testing::WithParamInterface<Breaker> {};

TEST_P(ValidateBreaker, Fails) {
    const auto& [test, plugin, words] = GetParam();
    const auto outcomes = validate({bad(plugin), "--test", test}, 1);
    EXPECT_EQ(outcomes, (std::map<std::string, std::string>{{test, "Failed"}}));
    EXPECT_NE(details_[test].find(words), std::string::npos) << details_[test];
}

INSTANTIATE_TEST_SUITE_P(EveryTest, ValidateBreaker, ::testing::ValuesIn(breakers), [](const auto& info) {
    std::string name = std::string(info.param.test) + "_" + info.param.plugin;
    std::ranges::replace(name, '-', '_');
    return name;
});

TEST_F(Validate, MemoryThatGrowsFails) {
    const auto outcomes = validate({bad("leaks"), "--test", "memory"}, LABHOST_SANITIZED ? 0 : 1);
    EXPECT_EQ(outcomes.at("memory"), LABHOST_SANITIZED ? "Skipped" : "Failed") << details_["memory"];
}

TEST_F(Validate, APluginThatCannotBeLoadedFailsThereAndIsNotTestedFurther) {
    const auto outcomes = validate({bad("other_libtorch")}, 4);
    ASSERT_EQ(outcomes.size(), 21U);
    EXPECT_EQ(outcomes.at("loads"), "Failed");
    EXPECT_NE(details_["loads"].find("built for LibTorch 9.9.9+cu999, this host has "), std::string::npos);
    const ProcessResult without = labhost({"validate", bad("other_libtorch"), "--test", "output"});
    EXPECT_NE(without.out.find("  refused: built for LibTorch 9.9.9+cu999"), std::string::npos) << without.out;
    for (const auto& [name, outcome] : outcomes)
        if (name != "loads") {
            EXPECT_EQ(outcome, "Skipped") << name;
        }
}

TEST_F(Validate, OnAGpuWhatStaysOnTheCpuFailsAndWhatCannotBeCapturedIsWarnedOf) {
    auto outcomes =
        validate({bad("stays_on_cpu"), "--test", "cuda"},
                 labhost({"validate", "net", "--test", "cuda"}).out.find("Skipped") == std::string::npos ? 1 : 0);
    if (outcomes.at("cuda") == "Skipped") GTEST_SKIP() << details_["cuda"];
    EXPECT_EQ(outcomes.at("cuda"), "Failed") << details_["cuda"];
    outcomes = validate({bad("syncs_in_forward"), "--test", "cuda-graph"}, 0);
    EXPECT_EQ(outcomes.at("cuda-graph"), "Warning") << details_["cuda-graph"];
}

TEST_F(Validate, AnySeedWillDo) {
    for (const auto& [plugin, seed] : {std::pair{"net", "3"}, {"net3", "22"}, {"net5", "7"}})
        EXPECT_EQ(labhost({"validate", plugin, "--seed", seed, "--only-failed"}).exit_code, 0) << seed;
}

TEST_F(Validate, ACrashAnExitAndAHangAreToldApart) {
    validate({bad("crashes_in_forward"), "--test", "batch-sizes"}, 1);
    if (!LABHOST_SANITIZED) {  // which ends a process in its own way
        EXPECT_EQ(details_["batch-sizes"], "its process was killed by SIGSEGV");
    }
    auto outcomes = validate({bad("exits_in_forward"), "--test", "output"}, 1);
    EXPECT_EQ(outcomes.at("output"), "Crashed");
    EXPECT_EQ(details_["output"], "its process called exit(3)");
    outcomes = validate({bad("hangs_in_forward"), "--test", "output", "--timeout", "1s"}, 1);
    EXPECT_EQ(outcomes.at("output"), "Timed out");
    EXPECT_EQ(details_["output"], "was not done after 1 s");
}

TEST_F(Validate, LogitsAreFineForCrossEntropy) {
    const auto outcomes = validate({bad("logits"), "--loss", "cross_entropy"}, 0);
    EXPECT_EQ(outcomes.at("log-probabilities"), "Skipped");
    EXPECT_EQ(outcomes.at("learns"), "Success") << details_["learns"];
}

TEST_F(Validate, WithoutMnistLearningIsSkippedAndSaysWhatToDo) {
    const ProcessResult result =
        labhost({"validate", "net", "--test", "learns"}, {{"LABHOST_DATA", folder_.path().native()}});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.out.find("Skipped    learns"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("labhost fetch mnist"), std::string::npos) << result.out;
}

TEST_F(Validate, AllSixPluginsPassAllTests) {
    const ProcessResult result = labhost({"validate", "net", "net1", "net2", "net3", "net4", "net5", "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const json document = json::parse(result.out);
    ASSERT_EQ(document.at("plugins").size(), 6U);
    for (const json& plugin : document.at("plugins")) {
        EXPECT_EQ(plugin.at("tests").size(), 21U) << plugin.at("file");
        for (const json& test : plugin.at("tests")) {
            const std::string name = test.at("name");
            const bool may_be_skipped = name.starts_with("cuda") || (LABHOST_SANITIZED && name == "memory");
            EXPECT_TRUE(test.at("outcome") == "Success" || (may_be_skipped && test.at("outcome") == "Skipped"))
                << plugin.at("file") << " " << test;
        }
    }
}

TEST_F(Validate, ListsItsTestsAndPrintsOnlyFailures) {
    const ProcessResult list = labhost({"validate", "--list"});
    EXPECT_EQ(list.exit_code, 0);
    EXPECT_EQ(std::ranges::count(list.out, '\n'), 21);
    const std::string guide = read_file(std::string(LABHOST_SOURCE) + "/docs/plugin-guide.md");
    const json tests = json::parse(labhost({"validate", "--list", "--json"}).out);
    EXPECT_EQ(tests.at("tests").size(), 21U);
    for (const json& test : tests.at("tests")) {
        const auto row =
            fmt::format("| `{}` | {} |", test.at("name").get<std::string>(), test.at("says").get<std::string>());
        EXPECT_NE(guide.find(row), std::string::npos) << "docs/plugin-guide.md lacks " << row;
    }
    EXPECT_NE(list.out.find("same-seed           the same seed gives the same weights and outputs\n"),
              std::string::npos);
    const ProcessResult failures =
        labhost({"validate", bad("logits"), "--test", "lo*", "--test", "output", "--only-failed"});
    EXPECT_EQ(failures.out.find("Success    "), std::string::npos) << failures.out;
    EXPECT_NE(failures.out.find("  Failed     log-probabilities"), std::string::npos) << failures.out;
    EXPECT_NE(failures.out.find("1 plugin: 2 Success, 1 Failed\n"), std::string::npos) << failures.out;
}

TEST_F(Validate, BadCommandLinesAreRefused) {
    expect_refusal(labhost({"validate"}), 2, "name the PLUGIN, an id or a path");
    expect_refusal(labhost({"validate", "net", "--test", "same-sead"}), 2, "did you mean 'same-seed'?");
    expect_refusal(labhost({"validate", "nett"}), 2, "unknown plugin 'nett'; did you mean 'net'?");
    expect_refusal(labhost({"validate", "./nett.so"}), 2, "./nett.so: error: there is no such file");
    expect_refusal(labhost({"validate", "net", "--timeout", "soon"}), 2, "give a time such as 90s, 2m or 1h");
    expect_refusal(labhost({"validate", "net", "--seed", "-1"}), 2, "'-1' is no seed");
    expect_refusal(labhost({"validate", "net", "--loss", "mae"}), 2, "must be nll or cross_entropy or mse");
    expect_refusal(labhost({"validate", "net", "--loss", "mse"}), 4,
                   "it declares .classes, and --loss mse is of models that declare .outputs");
}

}  // namespace
}  // namespace labhost
