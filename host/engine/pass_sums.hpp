// Loss and counts over a pass, as the notebook forms them: float32 within a batch, double and integer across batches.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <c10/core/Event.h>
#include <torch/types.h>

#include "config/choices.hpp"
#include "engine/loader.hpp"
#include "engine/state.hpp"
#include "train/trainer.hpp"

namespace labhost {

struct Sums {
    double loss = 0.0;
    std::int64_t correct = 0;  ///< of classes
    std::int64_t examples = 0;
    std::vector<double> absolute{};  ///< of a regression: for each output the sum of |output - target|
    std::vector<double> squared{};   ///< the same of (output - target)^2

    friend bool operator==(const Sums&, const Sums&) = default;
};

/// What a run's passes sum.
struct SummedTargets {
    TargetKind kind = TargetKind::classes;
    std::int64_t outputs = 0;  ///< for each example; 0: classes
};

/// Sums batches. On a GPU they only leave there what is summed later, so that nothing waits for it before `read`, and
/// the losses are added in their order, as on the CPU.
class PassSums final : public Stateful {
public:
    /// On the CPU.
    explicit PassSums(SummedTargets targets = {}) : targets_(targets) {}
    /// On a GPU, for passes of up to `most_batches` over up to `most_examples`.
    PassSums(torch::Device gpu, std::int64_t most_batches, std::int64_t most_examples, SummedTargets targets = {});

    /// Begins a pass, or resumes one, with these.
    void set(const Sums& sums);

    /// `loss`: a batch's sum, a float32 scalar; `output`: float32 [n, classes]. On a GPU always into the same memory,
    /// as a CUDA graph needs it.
    void add(const torch::Tensor& loss, const torch::Tensor& output, const Batch& batch);
    /// A batch of so many examples was added. Apart, since a replayed graph adds without a call of `add`.
    void count(std::int64_t examples);

    /// The losses that were read last; on the CPU all that was added.
    const Sums& known() const { return known_; }
    /// Of these.
    double mean_loss() const;
    /// Of all, once it is read. `variation`: of a regression, what Loader::variation gives of the pass.
    PassMetrics metrics(std::span<const double> variation) const;
    /// Waits for a GPU to have added all, and reads the losses.
    const Sums& read_losses();
    /// The same, and what is correct, or how far off. `labels`: int64 [examples of the data], where the batches are.
    const Sums& read(const torch::Tensor& labels);
    /// The losses without waiting: what is requested of a GPU, poll_losses takes once it has come.
    void request_losses();
    void poll_losses();

    std::int64_t examples() const { return examples_; }

    /// What is known: to be read first.
    void save(StateWriter state) const override;
    void load(const StateReader& state) override;

private:
    /// What a GPU leaves.
    struct Left {
        torch::Tensor losses;     ///< float32 [most batches]
        torch::Tensor next;       ///< int64 [1]: the batch that comes, of those since `set`
        torch::Tensor predicted;  ///< int64 [most examples], by example; -1: not since `set`
        torch::Tensor errors;     ///< of a regression: float64 [2, outputs], since `set`
        torch::Tensor arriving;   ///< float32 [most batches], on the host: losses that were requested
        c10::Event arrived;
        std::int64_t requested = 0;           ///< batches that will be read then
        std::int64_t requested_examples = 0;  ///< and their examples
    };
    void take(const torch::Tensor& losses);

    bool has_errors() const { return targets_.kind == TargetKind::reals; }

    SummedTargets targets_{};
    std::optional<Left> left_{};
    std::int64_t batches_ = 0;  ///< since `set`
    std::int64_t read_ = 0;     ///< of them
    std::int64_t correct_before_ = 0;
    std::int64_t examples_ = 0;
    Sums known_{};
};

}  // namespace labhost
