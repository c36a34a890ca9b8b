#include "train/trainer.hpp"

#include <chrono>

#include <fmt/format.h>
#include <torch/torch.h>

#include "data/loader.hpp"
#include "support/error.hpp"
#include "train/model.hpp"
#include "train/pickle.hpp"

namespace labhost {

namespace {

torch::Tensor loss_of(Loss loss, const torch::Tensor& output, const torch::Tensor& labels,
                      at::Reduction::Reduction how) {
    return loss == Loss::nll ? torch::nll_loss_nd(output, labels, {}, how)
                             : torch::cross_entropy_loss(output, labels, {}, how);
}

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

}  // namespace

struct Trainer::State {
    TrainerSettings settings;
    torch::Device device;
    PluginModel model;
    Loader train_loader;
    Loader test_loader;
    std::unique_ptr<torch::optim::Optimizer> optimizer;
    std::int64_t epochs_done = 0;

    PassMetrics pass(bool training, const std::function<void(const Progress&)>& progress);
    void step(const torch::Tensor& output, const torch::Tensor& labels) const;
};

Trainer::Trainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params, const Dataset& dataset,
                 const Device& device) {
    at::set_num_threads(run.trainer.threads);
    const auto loader = [&](const Split& split, const std::optional<std::int64_t>& limit, std::int64_t batch_size) {
        return Loader(split, limit.value_or(split.count), batch_size, run.data.mean, run.data.std);
    };
    state_ = std::make_unique<State>(State{
        .settings = run.trainer,
        .device = device.cuda ? torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(device.index))
                              : torch::Device(torch::kCPU),
        .model = build_seeded(run.seed, plugin, params),
        .train_loader = loader(dataset.train, run.data.train_limit, run.trainer.batch_size),
        .test_loader = loader(dataset.test, run.data.test_limit, run.trainer.test_batch_size),
        .optimizer = nullptr,
    });
    if (!run.trainer.init_from.empty())
        state_->model.load_state_dict(unpickle_state_dict(run.trainer.init_from), run.trainer.init_from.native());
    auto& module = state_->model.module();
    module.to(state_->device);
    const auto parameters = module.parameters();
    if (parameters.empty())
        throw Error(ExitCode::run_failed,
                    fmt::format("plugin '{}' has no parameters to train; register its layers with "
                                "register_module",
                                plugin.id()));
    state_->optimizer = std::make_unique<torch::optim::SGD>(
        parameters, torch::optim::SGDOptions(run.trainer.optimizer.lr).momentum(run.trainer.optimizer.momentum));
    torch::manual_seed(run.seed);
}

Trainer::~Trainer() = default;

void Trainer::State::step(const torch::Tensor& output, const torch::Tensor& labels) const {
    loss_of(settings.loss, output, labels, at::Reduction::Mean).backward();
    optimizer->step();
}

PassMetrics Trainer::State::pass(bool training, const std::function<void(const Progress&)>& progress) {
    const torch::AutoGradMode grad(training);
    model.module().train(training);
    Loader& loader = training ? train_loader : test_loader;
    loader.begin_pass();
    Sums sums;
    Batch batch;
    for (std::int64_t index = 1; loader.next(batch); ++index) {
        const torch::Tensor images = batch.images.to(device);
        const torch::Tensor labels = batch.labels.to(device);
        if (training) optimizer->zero_grad();
        const torch::Tensor output = model.forward(images);
        if (training) step(output, labels);
        sums.add(settings.loss, output, labels);
        progress({.epoch = epochs_done + 1,
                  .epochs = settings.epochs,
                  .testing = !training,
                  .batch = index,
                  .batches = loader.batches(),
                  .examples = sums.examples,
                  .loss = sums.loss / static_cast<double>(sums.examples)});
    }
    return sums.metrics();
}

EpochMetrics Trainer::run_epoch(const std::function<void(const Progress&)>& progress) {
    const auto start = std::chrono::steady_clock::now();
    EpochMetrics metrics;
    try {
        metrics.train = state_->pass(true, progress);
        metrics.test = state_->pass(false, progress);
    } catch (const c10::Error& e) {
        throw Error(ExitCode::run_failed, fmt::format("LibTorch failed in epoch {}: {}", state_->epochs_done + 1,
                                                      e.what_without_backtrace()));
    }
    metrics.epoch = ++state_->epochs_done;
    metrics.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return metrics;
}

std::string Trainer::state_dict() const { return pickle_state_dict(state_->model.state_dict()); }

}  // namespace labhost
