// What a model makes of each test example: its outputs, kept as they come, and the predictions that they are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <torch/types.h>

#include "engine/state.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// `outputs`: float32 [n, classes], logits or log-probabilities; `labels`: n of them, below `classes`. The class
/// predicted is argmax's, as in the accuracy.
Predictions predictions_of(const torch::Tensor& outputs, std::span<const std::int64_t> labels);

/// How good predictions are by other measures than how many are correct.
struct TestScores {
    /// Mean over all classes of 2 TP / (2 TP + FP + FN), 0 where that is 0 / 0: scikit-learn's f1_score with
    /// average="macro", labels=range(classes), zero_division=0.
    double f1 = 0.0;
    std::optional<double> top5{};  ///< percent with the label among the five largest outputs; of over ten classes
};

/// `outputs` and `labels` as for predictions_of.
TestScores scores_of(const torch::Tensor& outputs, std::span<const std::int64_t> labels);

/// The first of the outputs, beside what they should be: float32 [n, outputs].
Predictions predictions_of(const torch::Tensor& outputs, std::span<const float> targets);

/// Of several labels, predicted where the logit is above 0: scikit-learn's f1_score with average="macro" and "micro",
/// zero_division=0.
struct LabelScores {
    double f1 = 0.0;
    double f1_micro = 0.0;
};
LabelScores label_scores_of(const torch::Tensor& outputs, std::span<const float> targets);

/// The outputs of the test under way, or of the last one.
class TestOutputs final : public Stateful {
public:
    /// `count`: of the test examples, 0 where nobody asks for their outputs; `device`: where these are.
    TestOutputs(std::int64_t count, torch::Device device) : count_(count), device_(device) {}

    /// `output`: float32 [n, classes]; `examples`: int64 [n], whose they are.
    void keep(const torch::Tensor& output, const torch::Tensor& examples);

    /// The same, and its own.
    TestOutputs copy() const;

    /// Of all that was kept; `labels`: of the test examples.
    Predictions predictions(std::span<const std::int64_t> labels) const { return predictions_of(outputs_, labels); }

    TestScores scores(std::span<const std::int64_t> labels) const { return scores_of(outputs_, labels); }

    /// Of all that was kept, where there are no classes; `targets`: float32 [count, outputs].
    Predictions predictions(std::span<const float> targets) const { return predictions_of(outputs_, targets); }
    LabelScores label_scores(std::span<const float> targets) const { return label_scores_of(outputs_, targets); }

    void save(StateWriter state) const override;
    void load(const StateReader& state) override;

private:
    std::int64_t count_;
    torch::Device device_;
    torch::Tensor outputs_{};  ///< float32 [count, classes]; undefined before the first
};

}  // namespace labhost
