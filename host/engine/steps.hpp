// A run's steps: a batch of training, of the validation, or of the test.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include <torch/types.h>

#include "config/experiment.hpp"
#include "engine/cuda_graph.hpp"
#include "engine/loader.hpp"
#include "engine/loss.hpp"
#include "engine/model.hpp"
#include "engine/pass_sums.hpp"
#include "engine/predictions.hpp"
#include "engine/profiler.hpp"
#include "engine/updates.hpp"
#include "train/captured_part.hpp"

namespace labhost {

/// Does steps, and adds what they give to the pass's sums and the test's outputs. Where whole batches come, those of
/// either kind may be replayed from a CUDA graph.
class Steps {
public:
    /// What they work on; all outlive them, and stay where they are.
    struct Parts {
        PluginModel* model;
        Updates* updates;
        PassSums* sums;
        TestOutputs* outputs;
    };
    /// `graphs`: on a GPU, captured as soon as that can be; `captured`: what of training.
    Steps(const TrainerSettings& settings, LossOptions loss, const Parts& parts, bool graphs, CapturedPart captured)
        : settings_(settings),
          loss_options_(std::move(loss)),
          parts_(parts),
          graphs_(graphs),
          captured_part_(captured) {}

    /// The next one of the loader's pass; false at the pass's end.
    bool next(Loader& loader, Pass pass);

    /// Whether training is replayed by now.
    bool captured() const { return replayed_[0].graph.captured(); }

    /// Accounts for their time from now on; without graphs, since a replayed step has no phases.
    void profile_with(Profiler& profiler);

    /// Time goes to something else than a step.
    void pause() { enter(Phase::other); }

private:
    /// Steps of one kind, replayed.
    struct Replayed {
        StepGraph graph{};
        torch::Tensor examples{};                ///< int64 [batch size], of the step
        std::vector<torch::Tensor> gradients{};  ///< into which a replay writes, in the order of the parameters
    };

    void give_gradients(Replayed& replayed);
    bool may_be_replayed(const Loader& loader) const;
    void step(const Batch& batch);
    torch::Tensor train(const Batch& batch, torch::Tensor& output);
    torch::Tensor share_of_mean(const Batch& batch, const torch::Tensor& loss, double divisor) const;
    torch::Tensor gradients_of_own_loss(const Batch& batch, const torch::Tensor& output, double divisor);
    torch::Tensor mean_gradients(const Batch& batch, const torch::Tensor& output);
    torch::Tensor test(const Batch& batch, torch::Tensor& output);
    torch::Tensor forward(const torch::Tensor& images);
    void enter(Phase phase);

    TrainerSettings settings_;
    LossOptions loss_options_;  ///< of training
    Parts parts_;
    bool graphs_;
    CapturedPart captured_part_;
    Pass pass_ = Pass::train;                                 ///< of the step under way
    std::array<Replayed, texts_of<Pass>.size()> replayed_{};  ///< by pass
    Profiler* profiler_ = nullptr;
};

}  // namespace labhost
