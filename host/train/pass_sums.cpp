#include "train/pass_sums.hpp"

#include <cmath>

#include <torch/torch.h>

namespace labhost {

namespace {

/// How many rows of float32 [N, classes] have their maximum at the label. As argmax: of equal values the first, NaN above
/// all else; on the CPU without its five operators.
std::int64_t correct_in(const torch::Tensor& output, const torch::Tensor& labels) {
    const torch::Tensor rows = output.contiguous();
    const float* row = rows.data_ptr<float>();
    const auto* label = labels.data_ptr<std::int64_t>();
    std::int64_t correct = 0;
    for (std::int64_t i = 0; i < rows.size(0); ++i, row += rows.size(1)) {
        std::int64_t best = 0;
        for (std::int64_t c = 1; c < rows.size(1); ++c)
            if (row[c] > row[best] || (std::isnan(row[c]) && !std::isnan(row[best]))) best = c;
        correct += best == label[i] ? 1 : 0;
    }
    return correct;
}

}  // namespace

PassMetrics Sums::metrics() const {
    return {.loss = mean_loss(),
            .accuracy = 100.0 * static_cast<double>(correct) / static_cast<double>(examples),
            .correct = correct,
            .count = examples};
}

PassSums::PassSums(std::optional<torch::Device> gpu) {
    if (!gpu) return;
    loss_ = torch::zeros({}, torch::TensorOptions(*gpu).dtype(torch::kFloat64));
    correct_ = torch::zeros({}, torch::TensorOptions(*gpu).dtype(torch::kInt64));
}

void PassSums::set(const Sums& sums) {
    known_ = sums;
    examples_ = sums.examples;
    if (!loss_.defined()) return;
    loss_.fill_(sums.loss);
    correct_.fill_(sums.correct);
}

void PassSums::add(const torch::Tensor& loss, const torch::Tensor& output, const torch::Tensor& labels) {
    const torch::NoGradGuard no_grad;
    if (loss_.defined()) {
        loss_.add_(loss.to(torch::kFloat64));
        correct_.add_(output.argmax(1).eq(labels).sum());
        return;
    }
    known_.loss += static_cast<double>(loss.item<float>());
    known_.correct += correct_in(output, labels);
}

void PassSums::count(std::int64_t examples) {
    examples_ += examples;
    if (!loss_.defined()) known_.examples = examples_;
}

const Sums& PassSums::read() {
    if (loss_.defined()) {
        known_.loss = loss_.item<double>();
        known_.correct = correct_.item<std::int64_t>();
    }
    known_.examples = examples_;
    return known_;
}

}  // namespace labhost
