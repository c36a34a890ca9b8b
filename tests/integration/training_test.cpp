// What a run is trained with, as people use it: a validation split, longer runs, what plan says.
#include <fmt/format.h>

#include "sweep_program.hpp"

namespace labhost {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Training : public testing::SweepProgramTest {
protected:
    static constexpr const char* net = "[[run]]\nmodel = \"net2\"\n";

    std::vector<json> epochs_of(const fs::path& run) {
        std::vector<json> epochs;
        std::istringstream lines(read_file(run / "metrics.jsonl"));
        for (std::string line; std::getline(lines, line);) epochs.push_back(json::parse(line));
        return epochs;
    }
    /// The run's only folder whose run.json has this many epochs.
    fs::path folder_with(const std::string& runs, std::int64_t epochs) {
        for (const auto& entry : fs::directory_iterator(folder_ / runs / "e"))
            if (fs::is_directory(entry) &&
                json::parse(read_file(entry.path() / "run.json")).at("trainer").at("epochs") == epochs)
                return entry.path();
        return {};
    }
    static std::vector<std::string> with_epochs(const std::string& file, int epochs, const std::string& runs) {
        return {file, "--runs", runs, "--set", fmt::format("trainer.epochs={}", epochs)};
    }
};

TEST_F(Training, MoreEpochsGoOnFromAFinishedRunToTheBitsOfALongOne) {
    const std::string file = experiment(net);
    const std::string schedule = "trainer.schedule={name=\"step\",step_size=1}";
    const auto run = [&](int epochs, const std::string& runs) {
        auto words = with_epochs(file, epochs, runs);
        words.insert(words.end(), {"--set", schedule, "--set", "data.validation.count=20"});
        return labhost(words);
    };
    ASSERT_EQ(run(4, "undisturbed").exit_code, 0);
    ASSERT_EQ(run(2, "runs").exit_code, 0);
    const ProcessResult longer = run(4, "runs");
    ASSERT_EQ(longer.exit_code, 0) << longer.err;
    EXPECT_NE(longer.err.find("goes on from epoch 3"), std::string::npos) << longer.err;
    EXPECT_EQ(numbers(folder_with("runs", 4)), numbers(folder_with("undisturbed", 4)));
    EXPECT_EQ(epochs_of(folder_with("runs", 2)).size(), 2U) << "the shorter one stays";
    const json record = json::parse(read_file(folder_with("runs", 4) / "run.json"));
    EXPECT_EQ(record.at("provenance").at("continues"), folder_with("runs", 2).filename().native());
    EXPECT_EQ(record.at("prefix"), json::parse(read_file(folder_with("runs", 2) / "run.json")).at("prefix"));
}

TEST_F(Training, PlanSaysWhatALongerRunGoesOnFrom) {
    const std::string file = experiment(net);
    ASSERT_EQ(labhost(with_epochs(file, 1, "runs")).exit_code, 0);
    auto plan = with_epochs(file, 2, "runs");
    plan.insert(plan.begin(), "plan");
    EXPECT_NE(labhost(plan).out.find("goes on from net2-s1-"), std::string::npos) << labhost(plan).out;
    plan.insert(plan.end(), {"--set", "trainer.schedule={name=\"one_cycle\",max_lr=0.1}"});
    EXPECT_NE(labhost(plan).out.find("its schedule, one_cycle, depends on how many epochs there are"),
              std::string::npos)
        << labhost(plan).out;
}

TEST_F(Training, PlanSaysHowTheDataAreDividedAndWhatIsLikelyAMistake) {
    const ProcessResult plan =
        labhost({"plan", experiment("[[run]]\nmodel = \"net3\"\n"), "--set", "data.train_limit=75", "--set",
                 "data.validation.count=10", "--set", "trainer.stop={metric=\"test.loss\",patience=1}"});
    EXPECT_EQ(plan.exit_code, 0) << plan.err;
    EXPECT_NE(plan.out.find("mnist: 65 to train, 10 to validate, "), std::string::npos) << plan.out;
    EXPECT_NE(plan.out.find("2 steps an epoch"), std::string::npos) << plan.out;
    EXPECT_NE(plan.err.find("trainer.stop chooses by test data"), std::string::npos) << plan.err;
    EXPECT_NE(plan.err.find("the last batch of an epoch has one example"), std::string::npos) << plan.err;
}

TEST_F(Training, PlanSaysWhichClaimsNoRunCanDecide) {
    const std::string claim =
        "[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net3\"\n"
        "[[claim]]\nsays = \"s\"\ntest = \"greater\"\nof = \"net\"\nthan = \"net3\"\nmetric = ";
    const ProcessResult late = labhost({"plan", experiment(claim + "\"test.loss@5\"\n"), "--set", "trainer.epochs=2"});
    EXPECT_EQ(late.exit_code, 0) << late.err;
    EXPECT_NE(late.err.find("is on test.loss@5, and 'net' has 2 epochs: it stays undecided"), std::string::npos)
        << late.err;
    const ProcessResult few = labhost({"plan", experiment(claim + "\"test.top5\"\n")});
    EXPECT_EQ(few.exit_code, 2);
    EXPECT_NE(few.err.find("test.top5 is of more than ten classes; plugin 'net' has 10"), std::string::npos) << few.err;
}

TEST_F(Training, TheKeptEpochsWeightsAreLeft) {
    const std::string file = experiment(net);
    const ProcessResult result =
        labhost({file, "--set", "trainer.epochs=3", "--set", "trainer.keep=\"best\"", "--set",
                 "trainer.keep_metric=\"validation.loss\"", "--set", "data.validation.count=40", "--set",
                 "trainer.optimizer={name=\"sgd\",lr=2.0,momentum=0.0}"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const fs::path run = folder_with("runs", 3);
    const auto epochs = epochs_of(run);
    std::size_t best = 0;
    for (std::size_t i = 1; i < epochs.size(); ++i)
        if (epochs[i].at("validation.loss") < epochs[best].at("validation.loss")) best = i;
    EXPECT_EQ(json::parse(read_file(run / "result.json")).at("kept_epoch"), best + 1);
    const json predictions = json::parse(read_file(run / "predictions.json"));
    std::int64_t correct = 0;
    for (std::size_t i = 0; i < 10; ++i) correct += predictions.at("confusion").at(i).at(i).get<std::int64_t>();
    EXPECT_EQ(correct, epochs[best].at("test.correct")) << "the predictions are that epoch's";
}

TEST_F(Training, AGroupThatMatchesNoParameterIsRefusedWithTheirNames) {
    for (const std::string verb : {"run", "plan"}) {
        const ProcessResult result =
            labhost({verb, experiment(net), "--set", "trainer.groups=[{match=\"conv9*\",lr=0.1}]"});
        EXPECT_EQ(result.exit_code, 2) << "before anything is trained";
        EXPECT_NE(result.err.find("'conv9*' matches no parameter"), std::string::npos) << result.err;
    }
}

TEST_F(Training, AScheduleThatWouldFailAtALateStepIsRefusedBeforeTheFirst) {
    const ProcessResult result = labhost(
        {experiment(net), "--set", "trainer.schedule={name=\"one_cycle\",max_lr=0.1,total_steps=3,every=\"step\"}",
         "--set", "trainer.epochs=9"});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_NE(result.err.find("trainer.schedule: "), std::string::npos) << result.err;
    const ProcessResult infinite =
        labhost({"plan", experiment(net), "--set", "trainer.schedule={name=\"exponential\",gamma=1e30}", "--set",
                 "trainer.epochs=9"});
    EXPECT_EQ(infinite.exit_code, 2) << infinite.err;
    EXPECT_NE(infinite.err.find("the rate is infinite as a float32 after step 2"), std::string::npos) << infinite.err;
}

TEST_F(Training, AMetricThatTheDataDoNotHaveIsRefused) {
    const ProcessResult result =
        labhost({"plan", experiment(net), "--set", "trainer.stop={metric=\"test.top5\",patience=1}"});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_NE(result.err.find("test.top5 is of more than ten classes"), std::string::npos) << result.err;
}

TEST_F(Training, WhatALongerRunGoesOnFromIsNoGarbage) {
    const std::string file = experiment(net);
    ASSERT_EQ(labhost(with_epochs(file, 1, "runs")).exit_code, 0);
    const std::string longer = experiment("[trainer.optimizer]\n" + std::string(net), "longer.toml");
    std::string text = read_file(longer);
    text.replace(text.find("epochs = 1"), 10, "epochs = 2");
    folder_.write("e.toml", text);
    const ProcessResult gc = labhost({"gc", "e.toml", "--yes"});
    EXPECT_EQ(gc.exit_code, 0) << gc.err;
    EXPECT_TRUE(fs::exists(folder_with("runs", 1) / "checkpoint.pt")) << gc.out << gc.err;
    const ProcessResult result = labhost({file});
    EXPECT_NE(result.err.find("goes on from epoch 2"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace labhost
