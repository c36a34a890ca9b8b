#include "engine/pass_sums.hpp"

#include <cmath>
#include <cstddef>
#include <span>

#include <torch/torch.h>

#include "engine/determinism.hpp"

namespace labhost {

namespace {

/// How many rows of float32 [N, classes] have their maximum at the label. As argmax: of equal values the first, NaN
/// above all else; on the CPU without its five operators.
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

PassSums::PassSums(torch::Device gpu, std::int64_t most_batches, std::int64_t most_examples) {
    const auto integers = torch::TensorOptions(gpu).dtype(torch::kInt64);
    left_ = {
        .losses = torch::zeros({most_batches}, torch::TensorOptions(gpu).dtype(torch::kFloat32)),
        .next = torch::zeros({1}, integers),
        .predicted = torch::empty({most_examples}, integers),
        .arriving = torch::empty({most_batches}, torch::TensorOptions(torch::kFloat32).pinned_memory(gpu.is_cuda())),
        .arrived = c10::Event(gpu.type())};
}

void PassSums::set(const Sums& sums) {
    known_ = sums;
    examples_ = sums.examples;
    correct_before_ = sums.correct;
    batches_ = read_ = 0;
    if (!left_) return;
    left_->requested = 0;
    left_->next.zero_();
    left_->predicted.fill_(-1);
}

void PassSums::add(const torch::Tensor& loss, const torch::Tensor& output, const Batch& batch) {
    const torch::NoGradGuard no_grad;
    if (left_) {
        const EachPlaceOnce known;
        left_->losses.index_copy_(0, left_->next, loss.view(1));
        left_->next.add_(1);
        left_->predicted.index_copy_(0, batch.examples, output.argmax(1));
        return;
    }
    known_.loss += static_cast<double>(loss.item<float>());
    known_.correct += correct_in(output, batch.labels);
}

void PassSums::count(std::int64_t examples) {
    examples_ += examples;
    ++batches_;
    if (!left_) known_.examples = examples_;
}

const Sums& PassSums::read_losses() {
    if (left_) take(left_->losses.narrow(0, read_, batches_ - read_).cpu());
    known_.examples = examples_;
    return known_;
}

void PassSums::take(const torch::Tensor& losses) {
    for (const float loss : std::span(losses.data_ptr<float>(), static_cast<std::size_t>(losses.numel())))
        known_.loss += static_cast<double>(loss);
    read_ += losses.numel();
}

void PassSums::request_losses() {
    if (!left_ || left_->requested > read_ || batches_ == read_) return;
    const torch::Tensor losses = left_->losses.narrow(0, read_, batches_ - read_);
    left_->arriving.narrow(0, 0, losses.numel()).copy_(losses, /*non_blocking=*/true);
    if (losses.is_cuda()) left_->arrived.record(c10::impl::VirtualGuardImpl(torch::kCUDA).getStream(losses.device()));
    left_->requested = batches_;
    left_->requested_examples = examples_;
}

void PassSums::poll_losses() {
    if (!left_ || left_->requested <= read_ || !left_->arrived.query()) return;
    take(left_->arriving.narrow(0, 0, left_->requested - read_));
    known_.examples = left_->requested_examples;
}

const Sums& PassSums::read(const torch::Tensor& labels) {
    read_losses();
    if (left_)
        known_.correct =
            correct_before_ + left_->predicted.narrow(0, 0, labels.size(0)).eq(labels).sum().item<std::int64_t>();
    return known_;
}

void PassSums::save(StateWriter state) const {
    state.real("loss", known_.loss);
    state.integer("correct", known_.correct);
    state.integer("examples", known_.examples);
}

void PassSums::load(const StateReader& state) {
    set({.loss = state.real("loss"), .correct = state.integer("correct"), .examples = state.integer("examples")});
}

}  // namespace labhost
