// Batches in the order, and with the random draws, of PyTorch's DataLoader(shuffle=True).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <torch/types.h>

#include "config/augment.hpp"
#include "data/dataset.hpp"
#include "engine/augment.hpp"
#include "engine/normalizer.hpp"
#include "engine/state.hpp"

namespace labhost {

struct Batch {
    torch::Tensor images;    ///< float32 [n, sizes...], normalised
    torch::Tensor targets;   ///< int64 [n] of classes, else float32 [n, outputs]
    torch::Tensor examples;  ///< int64 [n]: which of the split's they are
};

/// How a loader makes batches of which examples.
struct LoaderSettings {
    std::int64_t limit = 0;    ///< only the split's first examples
    torch::Tensor examples{};  ///< int64: which of them; undefined: all
    std::int64_t batch_size = 1;
    std::vector<std::int64_t> sizes{};  ///< of an example, as the model takes it; empty: the split's
    NormalizeSettings normalize{};
    bool shuffle = true;
    bool drop_last = false;
    AugmentSettings augment{};
    std::optional<torch::Device> gpu{};  ///< the examples are copied there once, as bytes, and batches are made there
};

/// A split of a data set as batches. It must outlive the loader.
class Loader final : public Stateful {
public:
    Loader(const Split& split, const LoaderSettings& settings);

    /// Begins a pass: from the default CPU generator one int64 `random_()`, which DataLoader calls its base seed, then,
    /// shuffled, another that seeds a private generator whose `randperm(count)` is the order (torch/utils/data:
    /// dataloader.py, _BaseDataLoaderIter; sampler.py, RandomSampler).
    void begin_pass();

    /// The pass under way: its order, and how far it has come. Without augmentation loading draws nothing.
    void save(StateWriter state) const override;
    void load(const StateReader& state) override;

    std::int64_t position() const { return position_; }  ///< examples given in this pass
    std::int64_t count() const { return count_; }        ///< examples of a pass
    std::int64_t limit() const { return limit_; }        ///< of the split's examples, from which they are
    bool at_end() const { return position_ >= count_; }
    /// Of the split's first `limit` examples.
    std::span<const std::int64_t> labels() const {
        return std::span(split_->labels).first(static_cast<std::size_t>(limit_));
    }

    /// The same where the batches are made: int64 [limit] on a GPU, undefined on the CPU, and without classes.
    torch::Tensor resident_labels() const {
        return resident_ && split_->outputs == 0 ? resident_->targets : torch::Tensor();
    }
    /// Of other targets than classes: float32 [limit, outputs].
    std::span<const float> targets() const {
        return std::span(split_->targets).first(static_cast<std::size_t>(limit_ * split_->outputs));
    }
    std::int64_t outputs() const { return split_->outputs; }
    /// Of each output the sum of (target - mean)^2 over the examples of a pass, in double.
    std::vector<double> variation() const;

    /// The next batch of the pass; the last may be short. False at the pass's end.
    bool next(Batch& batch);

    bool next_is_whole() const { return position_ + batch_size_ <= count_; }

    /// On a GPU, in place of `next`: which examples are the next batch, int64 [n] there.
    torch::Tensor next_examples();
    /// On a GPU: those examples, by operators that a CUDA graph can hold. The bits of a batch on the CPU. Without
    /// augmentation.
    Batch gather(const torch::Tensor& examples) const;

    std::int64_t batch() const { return (position_ + batch_size_ - 1) / batch_size_; }  ///< given in this pass
    std::int64_t batches() const { return (count_ + batch_size_ - 1) / batch_size_; }

private:
    /// What there is of the split on a GPU.
    struct Resident {
        torch::Tensor images;      ///< [limit, sizes...]: uint8 of one channel, else float32, normalised
        torch::Tensor targets;     ///< int64 [limit], or float32 [limit, outputs]
        torch::Tensor normalized;  ///< float32 [256], of each byte of one channel
        torch::Tensor order;       ///< int64 [count], of the pass
    };

    void take_order(torch::Tensor order, std::int64_t position);
    Batch make(std::span<const std::int64_t> examples);
    torch::Tensor targets_of(std::span<const std::int64_t> examples) const;
    void make_resident(const torch::Device& gpu);
    void fill(std::int64_t example, float* into);

    const Split* split_;
    std::vector<std::int64_t> sizes_;  ///< of an example, as the model takes it
    std::int64_t elements_;            ///< their product
    std::int64_t limit_;
    torch::Tensor examples_;  ///< int64: those of a pass before it is shuffled
    std::int64_t batch_size_;
    std::int64_t count_;
    bool shuffle_;
    std::int64_t position_ = 0;
    torch::Tensor order_{};  ///< int64: examples_ in the pass's order
    Normalizer normalizer_;
    std::optional<Augment> augment_{};
    std::optional<Resident> resident_;
};

}  // namespace labhost
