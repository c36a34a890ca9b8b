#include "engine/pass_sums.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
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

/// In double, of float32 [n, outputs].
void add_errors(const torch::Tensor& output, const torch::Tensor& targets, Sums& sums) {
    const torch::Tensor rows = output.contiguous();
    const float* given = rows.data_ptr<float>();
    const float* wanted = targets.data_ptr<float>();
    for (std::int64_t example = 0; example < rows.size(0); ++example)
        for (std::size_t column = 0; column < sums.absolute.size(); ++column) {
            const double error = double{*given++} - double{*wanted++};
            sums.absolute[column] += std::abs(error);
            sums.squared[column] += error * error;
        }
}

}  // namespace

double PassSums::mean_loss() const {
    const std::int64_t terms = targets_.kind == TargetKind::given ? 1 : std::max<std::int64_t>(1, targets_.outputs);
    return known_.loss / static_cast<double>(known_.examples * terms);
}

PassMetrics PassSums::metrics(std::span<const double> variation) const {
    PassMetrics metrics{.loss = mean_loss(), .count = known_.examples};
    const auto examples = static_cast<double>(known_.examples);
    if (targets_.kind == TargetKind::classes) {
        metrics.accuracy = 100.0 * static_cast<double>(known_.correct) / examples;
        metrics.correct = known_.correct;
    }
    if (!has_errors()) return metrics;
    const auto outputs = static_cast<double>(targets_.outputs);
    const auto sum = [](const std::vector<double>& of) { return std::accumulate(of.begin(), of.end(), 0.0); };
    metrics.mae = sum(known_.absolute) / (examples * outputs);
    metrics.rmse = std::sqrt(sum(known_.squared) / (examples * outputs));
    double r2 = 0.0;  // as sklearn.metrics.r2_score: an output that does not vary has 1 if it is met, else 0
    for (std::size_t output = 0; output < variation.size(); ++output) {
        const double residual = known_.squared[output];
        r2 += variation[output] > 0.0 ? 1.0 - residual / variation[output] : residual == 0.0 ? 1.0 : 0.0;
    }
    metrics.r2 = r2 / outputs;
    return metrics;
}

PassSums::PassSums(torch::Device gpu, std::int64_t most_batches, std::int64_t most_examples, SummedTargets targets)
    : targets_(targets) {
    const auto integers = torch::TensorOptions(gpu).dtype(torch::kInt64);
    left_ = {
        .losses = torch::zeros({most_batches}, torch::TensorOptions(gpu).dtype(torch::kFloat32)),
        .next = torch::zeros({1}, integers),
        .predicted = torch::empty({most_examples}, integers),
        .errors = torch::zeros({2, targets.outputs}, torch::TensorOptions(gpu).dtype(torch::kFloat64)),
        .arriving = torch::empty({most_batches}, torch::TensorOptions(torch::kFloat32).pinned_memory(gpu.is_cuda())),
        .arrived = c10::Event(gpu.type())};
}

void PassSums::set(const Sums& sums) {
    known_ = sums;
    examples_ = sums.examples;
    correct_before_ = sums.correct;
    batches_ = read_ = 0;
    if (has_errors()) {
        known_.absolute.resize(static_cast<std::size_t>(targets_.outputs));
        known_.squared.resize(static_cast<std::size_t>(targets_.outputs));
    }
    if (!left_) return;
    if (has_errors()) {
        left_->errors[0].copy_(torch::tensor(known_.absolute, torch::kFloat64));
        left_->errors[1].copy_(torch::tensor(known_.squared, torch::kFloat64));
    }
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
        if (targets_.kind == TargetKind::classes) left_->predicted.index_copy_(0, batch.examples, output.argmax(1));
        if (has_errors()) {
            const torch::Tensor error = output.to(torch::kFloat64).sub(batch.targets.to(torch::kFloat64));
            left_->errors.add_(torch::stack({error.abs().sum(0), error.square().sum(0)}));
        }
        return;
    }
    known_.loss += static_cast<double>(loss.item<float>());
    if (targets_.kind == TargetKind::classes) known_.correct += correct_in(output, batch.targets);
    if (has_errors()) add_errors(output, batch.targets, known_);
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
    if (left_ && has_errors()) {
        const torch::Tensor errors = left_->errors.cpu();
        const auto* at = errors.data_ptr<double>();
        known_.absolute.assign(at, at + targets_.outputs);
        known_.squared.assign(at + targets_.outputs, at + 2 * targets_.outputs);
    }
    if (left_ && targets_.kind == TargetKind::classes)
        known_.correct =
            correct_before_ + left_->predicted.narrow(0, 0, labels.size(0)).eq(labels).sum().item<std::int64_t>();
    return known_;
}

void PassSums::save(StateWriter state) const {
    state.real("loss", known_.loss);
    state.integer("correct", known_.correct);
    state.integer("examples", known_.examples);
    if (!has_errors()) return;
    state.reals("absolute", known_.absolute);
    state.reals("squared", known_.squared);
}

void PassSums::load(const StateReader& state) {
    Sums sums{.loss = state.real("loss"), .correct = state.integer("correct"), .examples = state.integer("examples")};
    if (has_errors()) {
        sums.absolute = state.reals("absolute", targets_.outputs);
        sums.squared = state.reals("squared", targets_.outputs);
    }
    set(sums);
}

}  // namespace labhost
