// What is kept of a model's outputs on the test examples.
#include "engine/predictions.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace labhost {
namespace {

TEST(PredictionsTest, CountWhatWasTakenForWhat) {
    const torch::Tensor outputs =
        torch::tensor({{2.0F, 1.0F, 0.0F}, {0.0F, 1.0F, 3.0F}, {5.0F, 1.0F, 0.0F}, {1.0F, 1.0F, 0.0F}});
    const Predictions found = predictions_of(outputs, std::vector<std::int64_t>{0, 1, 2, 1});
    EXPECT_EQ(found.classes, 3);
    EXPECT_EQ(found.confusion, (std::vector<std::int64_t>{1, 0, 0, 1, 0, 1, 1, 0, 0})) << "of equal outputs the first";
    ASSERT_EQ(found.mistakes.size(), 3U);
    EXPECT_EQ(found.mistakes[0].example, 2) << "the one whose label is given the least probability comes first";
    EXPECT_EQ(found.mistakes[0].label, 2);
    EXPECT_EQ(found.mistakes[0].predicted, 0);
    const double sum = std::exp(5.0) + std::exp(1.0) + 1.0;
    EXPECT_NEAR(found.mistakes[0].probabilities[0], std::exp(5.0) / sum, 1e-12);
    EXPECT_NEAR(found.mistakes[0].probabilities[2], 1.0 / sum, 1e-12);
    EXPECT_EQ(found.mistakes[1].example, 1);
    EXPECT_EQ(found.mistakes[2].example, 3);
}

TEST(PredictionsTest, AreTheSameOfLogProbabilities) {
    torch::manual_seed(1);
    const torch::Tensor logits = torch::randn({50, 10});
    const std::vector<std::int64_t> labels(50, 3);
    const Predictions a = predictions_of(logits, labels);
    const Predictions b = predictions_of(torch::log_softmax(logits, 1), labels);
    EXPECT_EQ(a.confusion, b.confusion);
    ASSERT_EQ(a.mistakes.size(), Predictions::most_mistakes);
    ASSERT_EQ(b.mistakes.size(), Predictions::most_mistakes);
    for (std::size_t i = 0; i < a.mistakes.size(); ++i) EXPECT_EQ(a.mistakes[i].example, b.mistakes[i].example);
}

TEST(PredictionsTest, ThatAreNoNumbersAreMistakes) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const Predictions found =
        predictions_of(torch::tensor({{0.0F, nan, 1.0F}, {0.0F, 0.0F, 9.0F}}), std::vector<std::int64_t>{2, 2});
    EXPECT_EQ(found.confusion[2 * 3 + 1], 1) << "NaN is above all, as for argmax";
    ASSERT_EQ(found.mistakes.size(), 1U);
    EXPECT_TRUE(std::isnan(found.mistakes[0].probabilities[0]));
}

/// sklearn.metrics.f1_score([0, 1, 2, 2], [0, 1, 1, 2], average="macro", labels=range(4), zero_division=0)
TEST(TestScoresTest, F1IsTheMeanOverAllClasses) {
    const torch::Tensor outputs = torch::one_hot(torch::tensor({0, 1, 1, 2}), 4).to(torch::kFloat32);
    const TestScores scores = scores_of(outputs, std::vector<std::int64_t>{0, 1, 2, 2});
    EXPECT_DOUBLE_EQ(scores.f1, (1.0 + 2.0 / 3.0 + 2.0 / 3.0 + 0.0) / 4.0);
    EXPECT_FALSE(scores.top5) << "of four classes five are all";
}

TEST(TestScoresTest, Top5IsThePartOfLabelsAmongTheFiveLargestOutputs) {
    const torch::Tensor rising = torch::arange(12, torch::kFloat32).repeat({3, 1});  // the last class is the likeliest
    const TestScores scores = scores_of(rising, std::vector<std::int64_t>{11, 7, 6});
    EXPECT_DOUBLE_EQ(scores.top5.value(), 200.0 / 3.0);
}

}  // namespace
}  // namespace labhost
