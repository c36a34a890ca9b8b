#include "engine/predictions.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "engine/determinism.hpp"

namespace labhost {

Predictions predictions_of(const torch::Tensor& outputs, std::span<const std::int64_t> labels) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor rows = outputs.to(torch::kCPU);
    const torch::Tensor classes = rows.argmax(1);
    const torch::Tensor probabilities = rows.to(torch::kFloat64).softmax(1).contiguous();
    const auto* predicted = classes.data_ptr<std::int64_t>();
    const auto* probability = probabilities.data_ptr<double>();
    const auto width = static_cast<std::size_t>(rows.size(1));

    Predictions found{.classes = rows.size(1)};
    const bool counts = found.classes <= Predictions::most_counted;
    if (counts) found.confusion.resize(width * width);
    std::vector<std::pair<double, std::size_t>> mistakes;  // the label's probability, the example
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto label = static_cast<std::size_t>(labels[i]);
        if (counts) ++found.confusion[label * width + static_cast<std::size_t>(predicted[i])];
        if (predicted[i] == labels[i]) continue;
        const double given = probability[i * width + label];
        mistakes.emplace_back(std::isnan(given) ? 0.0 : given, i);
    }
    const std::size_t count = std::min(mistakes.size(), Predictions::most_mistakes);
    std::partial_sort(mistakes.begin(), mistakes.begin() + static_cast<std::ptrdiff_t>(count), mistakes.end());
    mistakes.resize(count);
    for (const auto& [given, i] : mistakes) {
        const double* row = probability + i * width;
        found.mistakes.push_back({.example = static_cast<std::int64_t>(i),
                                  .label = labels[i],
                                  .predicted = predicted[i],
                                  .probabilities = {row, row + width}});
    }
    return found;
}

TestScores scores_of(const torch::Tensor& outputs, std::span<const std::int64_t> labels) {
    const torch::NoGradGuard no_grad;
    const auto width = static_cast<std::size_t>(outputs.size(1));
    const torch::Tensor classes = outputs.argmax(1).to(torch::kCPU);
    const auto* predicted = classes.data_ptr<std::int64_t>();
    std::vector<std::int64_t> hits(width);
    std::vector<std::int64_t> members(width);  // how often a class is predicted, and how often it is a label
    for (std::size_t i = 0; i < labels.size(); ++i) {
        ++members[static_cast<std::size_t>(predicted[i])];
        ++members[static_cast<std::size_t>(labels[i])];
        if (predicted[i] == labels[i]) ++hits[static_cast<std::size_t>(labels[i])];
    }
    TestScores scores;
    for (std::size_t of = 0; of < width; ++of)
        if (members[of] > 0) scores.f1 += 2.0 * static_cast<double>(hits[of]) / static_cast<double>(members[of]);
    scores.f1 /= static_cast<double>(width);
    constexpr std::size_t few = 10;
    if (width <= few) return scores;
    const torch::Tensor likeliest = std::get<1>(outputs.topk(5, 1)).to(torch::kCPU).contiguous();
    const auto* row = likeliest.data_ptr<std::int64_t>();
    std::int64_t found = 0;
    for (std::size_t i = 0; i < labels.size(); ++i, row += 5)
        if (std::find(row, row + 5, labels[i]) != row + 5) ++found;
    scores.top5 = 100.0 * static_cast<double>(found) / static_cast<double>(labels.size());
    return scores;
}

Predictions predictions_of(const torch::Tensor& outputs, std::span<const float> targets) {
    const torch::Tensor rows = outputs.to(torch::kCPU).contiguous();
    const auto width = static_cast<std::size_t>(rows.size(1));
    const std::size_t examples =
        std::clamp<std::size_t>(Predictions::most_values / width, 1, Predictions::most_examples);
    const std::size_t values = std::min(targets.size(), examples * width);
    const auto* predicted = rows.data_ptr<float>();
    return {.outputs = rows.size(1),
            .targets = {targets.begin(), targets.begin() + static_cast<std::ptrdiff_t>(values)},
            .predicted = {predicted, predicted + values}};
}

LabelScores label_scores_of(const torch::Tensor& outputs, std::span<const float> targets) {
    const torch::Tensor rows = outputs.to(torch::kCPU).contiguous();
    const auto width = static_cast<std::size_t>(rows.size(1));
    const auto* logit = rows.data_ptr<float>();
    std::vector<std::int64_t> hits(width);
    std::vector<std::int64_t> members(width);  // how often a label is predicted, and how often it is there
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const bool predicted = logit[i] > 0.0F;
        const bool there = targets[i] > 0.5F;
        members[i % width] += (predicted ? 1 : 0) + (there ? 1 : 0);
        if (predicted && there) ++hits[i % width];
    }
    const auto f1 = [](std::int64_t hits, std::int64_t members) {
        return members == 0 ? 0.0 : 2.0 * static_cast<double>(hits) / static_cast<double>(members);
    };
    LabelScores scores;
    for (std::size_t label = 0; label < width; ++label) scores.f1 += f1(hits[label], members[label]);
    scores.f1 /= static_cast<double>(width);
    scores.f1_micro = f1(std::accumulate(hits.begin(), hits.end(), std::int64_t{0}),
                         std::accumulate(members.begin(), members.end(), std::int64_t{0}));
    return scores;
}

void TestOutputs::keep(const torch::Tensor& output, const torch::Tensor& examples) {
    if (count_ == 0) return;
    const torch::NoGradGuard no_grad;
    const EachPlaceOnce known;
    if (!outputs_.defined()) outputs_ = torch::empty({count_, output.size(1)}, output.options());
    outputs_.index_copy_(0, examples, output);
}

TestOutputs TestOutputs::copy() const {
    TestOutputs copied(*this);
    if (outputs_.defined()) copied.outputs_ = outputs_.clone();
    return copied;
}

void TestOutputs::save(StateWriter state) const {
    if (count_ != 0) state.tensor("outputs", outputs_);
}

void TestOutputs::load(const StateReader& state) {
    if (count_ == 0) return;
    const torch::Tensor outputs = state.tensor("outputs", torch::kFloat32);
    if (outputs.dim() != 2 || outputs.size(0) != count_)
        state.fail("outputs", "has another shape than the test data ask for");
    outputs_ = outputs.to(device_);
}

}  // namespace labhost
