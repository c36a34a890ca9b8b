#include "engine/steps.hpp"

#include <torch/torch.h>

#include "engine/autocast.hpp"
#include "engine/loss.hpp"

namespace labhost {

void Steps::profile_with(Profiler& profiler) {
    graphs_ = false;
    profiler_ = &profiler;
}

void Steps::enter(Phase phase) {
    if (profiler_ != nullptr)
        profiler_->enter(testing_ && phase != Phase::data && phase != Phase::other ? Phase::test : phase);
}

bool Steps::next(Loader& loader, bool testing) {
    testing_ = testing;
    const std::int64_t before = loader.position();
    if (graphs_ && loader.next_is_whole()) {
        Replayed& replayed = replayed_[testing ? 1 : 0];
        const torch::Tensor examples = loader.next_examples();
        if (!replayed.examples.defined()) replayed.examples = torch::empty_like(examples);
        replayed.examples.copy_(examples);
        replayed.graph.run([&] { step(loader.gather(replayed.examples)); }, parts_.model->module());
    } else {
        Batch batch;
        enter(Phase::data);
        if (!loader.next(batch)) return false;
        step(batch);
    }
    parts_.sums->count(loader.position() - before);
    return true;
}

void Steps::step(const Batch& batch) {
    torch::Tensor output;
    const torch::Tensor loss = testing_ ? test(batch, output) : train(batch, output);
    enter(Phase::metrics);
    parts_.sums->add(loss, output, batch);
    if (testing_) parts_.outputs->keep(output, batch.examples);
}

torch::Tensor Steps::forward(const torch::Tensor& images) {
    enter(Phase::forward);
    const bool bf16 = settings_.precision == Precision::bf16;
    const Autocast autocast(bf16);
    return parts_.model->forward(images, bf16);
}

/// Gives the batch's loss, summed.
torch::Tensor Steps::train(const Batch& batch, torch::Tensor& output) {
    parts_.optimizer->zero_grad();
    output = forward(batch.images);
    if (settings_.numerics == Numerics::fast) {
        // The mean's gradient from the sum, which is wanted too.
        const torch::Tensor loss = loss_of(settings_.loss, output, batch.labels, at::Reduction::Sum);
        enter(Phase::backward);
        loss.backward(torch::full({}, 1.0 / static_cast<double>(batch.labels.size(0)), loss.options()));
        enter(Phase::optimizer);
        parts_.optimizer->step();
        return loss.detach();
    }
    const torch::Tensor loss = loss_of(settings_.loss, output, batch.labels, at::Reduction::Mean);
    enter(Phase::backward);
    loss.backward();
    enter(Phase::optimizer);
    parts_.optimizer->step();
    enter(Phase::metrics);
    const torch::NoGradGuard no_grad;
    return loss_of(settings_.loss, output, batch.labels, at::Reduction::Sum);
}

/// The same of a test.
torch::Tensor Steps::test(const Batch& batch, torch::Tensor& output) {
    output = forward(batch.images);
    return loss_of(settings_.loss, output, batch.labels, at::Reduction::Sum);
}

}  // namespace labhost
