#include "engine/predictions.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include <torch/torch.h>

#include "engine/determinism.hpp"

namespace labhost {

Predictions predictions_of(const torch::Tensor& outputs, std::span<const std::uint8_t> labels) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor rows = outputs.to(torch::kCPU);
    const torch::Tensor classes = rows.argmax(1);
    const torch::Tensor probabilities = rows.to(torch::kFloat64).softmax(1).contiguous();
    const auto* predicted = classes.data_ptr<std::int64_t>();
    const auto* probability = probabilities.data_ptr<double>();
    const auto width = static_cast<std::size_t>(rows.size(1));

    Predictions found{.classes = rows.size(1)};
    found.confusion.resize(width * width);
    std::vector<std::pair<double, std::size_t>> mistakes;  // the label's probability, the example
    for (std::size_t i = 0; i < labels.size(); ++i) {
        ++found.confusion[labels[i] * width + static_cast<std::size_t>(predicted[i])];
        if (predicted[i] == labels[i]) continue;
        const double given = probability[i * width + labels[i]];
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

void TestOutputs::keep(const torch::Tensor& output, const torch::Tensor& examples) {
    const torch::NoGradGuard no_grad;
    const EachPlaceOnce known;
    if (!outputs_.defined()) outputs_ = torch::empty({count_, output.size(1)}, output.options());
    outputs_.index_copy_(0, examples, output);
}

void TestOutputs::save(StateWriter state) const { state.tensor("outputs", outputs_); }

void TestOutputs::load(const StateReader& state) {
    const torch::Tensor outputs = state.tensor("outputs", torch::kFloat32);
    if (outputs.dim() != 2 || outputs.size(0) != count_)
        state.fail("outputs", "has another shape than the test data ask for");
    outputs_ = outputs.to(device_);
}

}  // namespace labhost
