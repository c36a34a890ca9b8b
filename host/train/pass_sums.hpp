// Loss and counts over a pass, as the notebook forms them: float32 within a batch, double and integer across batches.
#pragma once

#include <cstdint>
#include <optional>

#include <torch/types.h>

#include "train/trainer.hpp"

namespace labhost {

struct Sums {
    double loss = 0.0;
    std::int64_t correct = 0;
    std::int64_t examples = 0;

    double mean_loss() const { return loss / static_cast<double>(examples); }
    PassMetrics metrics() const;
};

/// Sums batches where they are: on a GPU nothing waits for it before `read`.
class PassSums {
public:
    explicit PassSums(std::optional<torch::Device> gpu = std::nullopt);

    /// Begins with these.
    void set(const Sums& sums);

    /// `loss`: a batch's sum, a float32 scalar; `output`: float32 [n, classes]; `labels`: int64 [n]. On a GPU always into
    /// the same memory, as a CUDA graph needs it.
    void add(const torch::Tensor& loss, const torch::Tensor& output, const torch::Tensor& labels);
    /// So many examples were added. Apart, since a replayed graph adds without a call of `add`.
    void count(std::int64_t examples);

    /// What was read last; on the CPU all that was added.
    const Sums& known() const { return known_; }
    /// Waits for a GPU to have added all.
    const Sums& read();

    std::int64_t examples() const { return examples_; }

private:
    torch::Tensor loss_;     ///< of a GPU: float64 []
    torch::Tensor correct_;  ///< of a GPU: int64 []
    std::int64_t examples_ = 0;
    Sums known_{};
};

}  // namespace labhost
