#include "train/torch_trainer.hpp"

#include <chrono>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <malloc.h>
#include <torch/torch.h>

#include "data/loader.hpp"
#include "support/error.hpp"
#include "train/loss.hpp"
#include "train/model.hpp"
#include "train/pickle.hpp"

namespace labhost {

namespace {

PluginModel build_seeded(std::uint64_t seed, const Plugin& plugin, const ResolvedParams& params) {
    torch::manual_seed(seed);
    return {plugin, params};
}

/// Sums over a pass, as the notebook forms them: float32 within a batch, double and integer across batches.
struct Sums {
    double loss = 0.0;
    std::int64_t correct = 0;
    std::int64_t examples = 0;

    void add(Loss loss_kind, const torch::Tensor& output, const torch::Tensor& labels) {
        const torch::NoGradGuard no_grad;
        loss += static_cast<double>(loss_of(loss_kind, output, labels, at::Reduction::Sum).item<float>());
        correct += output.argmax(1).eq(labels).sum().item<std::int64_t>();
        examples += labels.size(0);
    }

    PassMetrics metrics() const {
        const auto count = static_cast<double>(examples);
        return {.loss = loss / count,
                .accuracy = 100.0 * static_cast<double>(correct) / count,
                .correct = correct,
                .count = examples};
    }
};

/// Runs `body`; what LibTorch throws becomes Error (run_failed) without its stack trace.
template <class Body>
auto translated(const std::string& doing, Body body) {
    try {
        return body();
    } catch (const c10::Error& e) {
        throw Error(ExitCode::run_failed, fmt::format("LibTorch failed {}: {}", doing, e.what_without_backtrace()));
    }
}

/// Each step frees and allocates the same large tensors; given back to the kernel in between, their pages would be
/// cleared anew every time (7 % of a run's time was spent in the kernel).
void keep_freed_memory() {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

class TorchTrainer final : public Trainer {
public:
    TorchTrainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params, const Dataset& dataset,
                 const Device& device);

    EpochMetrics run_epoch(const std::function<void(const Progress&)>& progress) override;
    std::string state_dict() const override {
        return translated("on saving the weights", [&] { return pickle_state_dict(model_.state_dict()); });
    }

private:
    PassMetrics pass(bool training, const std::function<void(const Progress&)>& progress);
    void step(const torch::Tensor& output, const torch::Tensor& labels) const;

    TrainerSettings settings_;
    torch::Device device_;
    PluginModel model_;
    Loader train_loader_;
    Loader test_loader_;
    std::unique_ptr<torch::optim::Optimizer> optimizer_;
    std::int64_t epochs_done_ = 0;
};

Loader make_loader(const Split& split, const std::optional<std::int64_t>& limit, std::int64_t batch_size,
                   const DataSettings& data) {
    return {split, limit.value_or(split.count), batch_size, data.mean, data.std};
}

TorchTrainer::TorchTrainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                           const Dataset& dataset, const Device& device)
    : settings_(run.trainer),
      device_(device.cuda ? torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(device.index))
                          : torch::Device(torch::kCPU)),
      model_(build_seeded(run.seed, plugin, params)),
      train_loader_(make_loader(dataset.train, run.data.train_limit, run.trainer.batch_size, run.data)),
      test_loader_(make_loader(dataset.test, run.data.test_limit, run.trainer.test_batch_size, run.data)) {
    if (!run.trainer.init_from.empty())
        model_.load_state_dict(unpickle_state_dict(run.trainer.init_from), run.trainer.init_from.native());
    auto& module = model_.module();
    module.to(device_);
    const auto parameters = module.parameters();
    if (parameters.empty())
        throw Error(ExitCode::run_failed,
                    fmt::format("plugin '{}' has no parameters to train; register its layers with register_module",
                                plugin.id()));
    optimizer_ = std::make_unique<torch::optim::SGD>(
        parameters, torch::optim::SGDOptions(run.trainer.optimizer.lr).momentum(run.trainer.optimizer.momentum));
    torch::manual_seed(run.seed);
}

void TorchTrainer::step(const torch::Tensor& output, const torch::Tensor& labels) const {
    loss_of(settings_.loss, output, labels, at::Reduction::Mean).backward();
    optimizer_->step();
}

PassMetrics TorchTrainer::pass(bool training, const std::function<void(const Progress&)>& progress) {
    const torch::AutoGradMode grad(training);
    model_.module().train(training);
    Loader& loader = training ? train_loader_ : test_loader_;
    loader.begin_pass();
    Sums sums;
    Batch batch;
    for (std::int64_t index = 1; loader.next(batch); ++index) {
        const torch::Tensor images = batch.images.to(device_);
        const torch::Tensor labels = batch.labels.to(device_);
        if (training) optimizer_->zero_grad();
        const torch::Tensor output = model_.forward(images);
        if (training) step(output, labels);
        sums.add(settings_.loss, output, labels);
        progress({.epoch = epochs_done_ + 1,
                  .epochs = settings_.epochs,
                  .testing = !training,
                  .batch = index,
                  .batches = loader.batches(),
                  .examples = sums.examples,
                  .loss = sums.loss / static_cast<double>(sums.examples)});
    }
    return sums.metrics();
}

EpochMetrics TorchTrainer::run_epoch(const std::function<void(const Progress&)>& progress) {
    const auto start = std::chrono::steady_clock::now();
    EpochMetrics metrics;
    translated(fmt::format("in epoch {}", epochs_done_ + 1), [&] {
        metrics.train = pass(true, progress);
        metrics.test = pass(false, progress);
    });
    metrics.epoch = ++epochs_done_;
    metrics.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return metrics;
}

}  // namespace

std::unique_ptr<Trainer> make_torch_trainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                                            const Dataset& dataset, const Device& device) {
    keep_freed_memory();
    return translated("before the first epoch", [&] {
        at::set_num_threads(run.trainer.threads);
        return std::make_unique<TorchTrainer>(run, plugin, params, dataset, device);
    });
}

}  // namespace labhost
