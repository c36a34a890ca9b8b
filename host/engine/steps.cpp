#include "engine/steps.hpp"

#include <fmt/format.h>
#include <torch/torch.h>

#include "engine/autocast.hpp"
#include "support/error.hpp"

namespace labhost {

namespace {

/// A batch's mean as its sum, which a model's own loss does not give.
torch::Tensor batch_sum(const torch::Tensor& mean, const Batch& batch) { return mean.detach() * batch.images.size(0); }

}  // namespace

void Steps::profile_with(Profiler& profiler) {
    graphs_ = false;
    profiler_ = &profiler;
}

void Steps::enter(Phase phase) {
    const bool part_of_a_test = pass_ != Pass::train && phase != Phase::data && phase != Phase::other;
    if (profiler_ != nullptr) profiler_->enter(part_of_a_test ? Phase::test : phase);
}

bool Steps::may_be_replayed(const Loader& loader) const {
    if (!graphs_ || !loader.next_is_whole()) return false;
    return pass_ != Pass::train || captured_part_ != CapturedPart::nothing;
}

bool Steps::next(Loader& loader, Pass pass) {
    pass_ = pass;
    const std::int64_t before = loader.position();
    const AveragedWeights::Scope averaged(pass == Pass::train ? nullptr : parts_.updates->average());
    if (may_be_replayed(loader)) {
        Replayed& replayed = replayed_.at(static_cast<std::size_t>(pass));
        const torch::Tensor examples = loader.next_examples();
        if (!replayed.examples.defined()) replayed.examples = torch::empty_like(examples);
        replayed.examples.copy_(examples);
        replayed.graph.run([&] { step(loader.gather(replayed.examples)); }, parts_.model->module());
        if (pass == Pass::train && captured_part_ == CapturedPart::gradients && replayed.graph.captured())
            give_gradients(replayed);
    } else {
        Batch batch;
        enter(Phase::data);
        if (!loader.next(batch)) return false;
        step(batch);
    }
    if (pass == Pass::train && captured_part_ != CapturedPart::all) {
        enter(Phase::optimizer);
        parts_.updates->after_batch(loader.at_end());
    }
    parts_.sums->count(loader.position() - before);
    return true;
}

/// The parameters have those that a replay writes: a batch outside of the graph, as a short last one, makes others.
void Steps::give_gradients(Replayed& replayed) {
    if (replayed.gradients.empty())
        replayed.gradients = parts_.updates->gradients();
    else
        parts_.updates->set_gradients(replayed.gradients);
}

void Steps::step(const Batch& batch) {
    torch::Tensor output;
    const torch::Tensor loss = pass_ == Pass::train ? train(batch, output) : test(batch, output);
    enter(Phase::metrics);
    parts_.sums->add(loss, output, batch);
    if (pass_ == Pass::test) parts_.outputs->keep(output, batch.examples);
}

torch::Tensor Steps::forward(const torch::Tensor& images) {
    enter(Phase::forward);
    const bool bf16 = settings_.precision == Precision::bf16;
    const Autocast autocast(bf16);
    return parts_.model->forward(images, bf16);
}

/// Gives the batch's loss, summed.
torch::Tensor Steps::train(const Batch& batch, torch::Tensor& output) {
    parts_.updates->before_batch();
    output = forward(batch.images);
    const torch::Tensor sum = mean_gradients(batch, output);
    if (captured_part_ == CapturedPart::all) {  // then every batch has a step
        enter(Phase::optimizer);
        parts_.updates->after_batch(/*last=*/false);
    }
    if (sum.defined()) return sum;
    enter(Phase::metrics);
    const torch::NoGradGuard no_grad;
    return loss_of(settings_.loss, output, batch.targets, at::Reduction::Sum, loss_options_);
}

/// What the mean loss, divided by the batches of a step, is of the sum.
torch::Tensor Steps::share_of_mean(const Batch& batch, const torch::Tensor& loss, double divisor) const {
    const torch::NoGradGuard no_grad;
    const torch::Tensor& weights = loss_options_.class_weights;
    if (weights.defined()) return (weights.index_select(0, batch.targets).sum() * divisor).reciprocal();
    return torch::full({}, 1.0 / (static_cast<double>(batch.targets.numel()) * divisor), loss.options());
}

/// Called once, since it may draw numbers.
torch::Tensor Steps::gradients_of_own_loss(const Batch& batch, const torch::Tensor& output, double divisor) {
    const torch::Tensor mean = parts_.model->loss(output, batch.targets, batch.images);
    if (!mean.requires_grad())
        throw Error(ExitCode::run_failed,
                    fmt::format("plugin '{}' returned a loss that depends on no parameter", parts_.model->plugin_id()));
    enter(Phase::backward);
    (divisor != 1.0 ? mean / divisor : mean).backward();
    return batch_sum(mean, batch);
}

/// Adds those of the mean loss, divided by the batches of a step. Gives the summed loss where it comes with them.
torch::Tensor Steps::mean_gradients(const Batch& batch, const torch::Tensor& output) {
    const auto divisor = static_cast<double>(parts_.updates->divisor());
    if (settings_.loss == Loss::model) return gradients_of_own_loss(batch, output, divisor);
    if (settings_.numerics == Numerics::fast) {
        // The mean's gradient from the sum, which is wanted too.
        const torch::Tensor loss = loss_of(settings_.loss, output, batch.targets, at::Reduction::Sum, loss_options_);
        enter(Phase::backward);
        loss.backward(share_of_mean(batch, loss, divisor));
        return loss.detach();
    }
    torch::Tensor loss = loss_of(settings_.loss, output, batch.targets, at::Reduction::Mean, loss_options_);
    if (divisor != 1.0) loss = loss / divisor;
    enter(Phase::backward);
    loss.backward();
    return {};
}

/// The same of a test, which is neither smoothed nor weighted.
torch::Tensor Steps::test(const Batch& batch, torch::Tensor& output) {
    output = forward(batch.images);
    if (settings_.loss == Loss::model) return batch_sum(parts_.model->loss(output, batch.targets, batch.images), batch);
    return loss_of(settings_.loss, output, batch.targets, at::Reduction::Sum);
}

}  // namespace labhost
