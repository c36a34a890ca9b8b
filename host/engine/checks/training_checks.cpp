// Tests of training: memory, learning, and a GPU.
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <torch/torch.h>

#include "engine/checks/checks.hpp"
#include "engine/cuda_graph.hpp"
#include "engine/loader.hpp"
#include "engine/run_context.hpp"
#include "plugin/describe.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost::checks {

namespace {

/// Bytes of the heap that are in use.
std::int64_t heap_in_use() {
    const struct mallinfo2 info = mallinfo2();
    return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
}

constexpr bool heap_is_counted() {
#if defined(__SANITIZE_ADDRESS__)
    return false;  // the sanitizer's allocator tells mallinfo2 nothing
#else
    return true;
#endif
}

/// A model, an optimizer and a batch: what a step needs.
struct Training {
    Training(const Plugin& plugin, const CheckContext& context, std::int64_t count, const torch::Device& device)
        : model(build(plugin, context.seed)),
          images(random_images(plugin, count, context.seed).to(device)),
          labels(random_labels(plugin, context, count, context.seed).to(device)),
          loss(context.loss) {
        model.module().to(device);
        optimizer.emplace(model.module().parameters(), torch::optim::SGDOptions(0.01).momentum(0.5));
    }
    double step() { return sgd_step(model, *optimizer, loss, images, labels); }
    /// The same without waiting for its loss.
    void launch_step() {
        optimizer->zero_grad();
        mean_loss(model, loss, model.forward(images), labels, images).backward();
        optimizer->step();
    }

    PluginModel model;
    torch::Tensor images;
    torch::Tensor labels;
    Loss loss;
    std::optional<torch::optim::SGD> optimizer;
};

const CheckResult no_gpu{Outcome::skipped, "there is no GPU here, or LibTorch was built without CUDA"};

}  // namespace

CheckResult memory(const CheckContext& context) {
    if (!heap_is_counted()) return {Outcome::skipped, "a sanitizer's heap cannot be counted"};
    Training training(context.load(), context, 16, torch::kCPU);
    constexpr int warm_up = 20;  // caches of kernels fill
    constexpr int steps = 200;
    constexpr std::int64_t tolerated = 64 * 1024;
    for (int i = 0; i < warm_up; ++i) training.step();
    const std::int64_t before = heap_in_use();
    for (int i = 0; i < steps; ++i) training.step();
    const std::int64_t grown = heap_in_use() - before;
    if (grown > tolerated)
        return failed(fmt::format("{} steps left {} behind ({} a step); do not keep tensors that have a history", steps,
                                  size_text(static_cast<std::uintmax_t>(grown)),
                                  size_text(static_cast<std::uintmax_t>(grown / steps))));
    return {};
}

CheckResult own_loss(const CheckContext& context) {
    constexpr std::int64_t count = 8;
    Training training(context.load(), context, count, torch::kCPU);
    PluginModel& model = training.model;
    const auto loss_of_batch = [&](const torch::Tensor& images, const torch::Tensor& labels, std::uint64_t seed) {
        torch::manual_seed(seed);
        const torch::Tensor output = model.forward(images);
        const std::array given{output.detach().clone(), labels.clone(), images.clone()};
        torch::Tensor loss;
        try {
            loss = model.loss(output, labels, images);
        } catch (const Error& e) {
            const bool may_be_of_other_width = labels.dim() == 2 && context.targets == 0;
            throw Error(e.code(),
                        std::string(e.what()) + (may_be_of_other_width ? "; if its data have another number of "
                                                                         "targets than it has outputs, say --targets N"
                                                                       : ""));
        }
        if (!identical(given[0], output.detach()) || !identical(given[1], labels) || !identical(given[2], images))
            throw Error(ExitCode::run_failed, "loss changes what it is given in place");
        if (!std::isfinite(loss.item<double>()))
            throw Error(ExitCode::run_failed, fmt::format("the loss of a batch is {}", loss.item<double>()));
        return loss;
    };
    const torch::Tensor& images = training.images;
    const torch::Tensor& labels = training.labels;
    model.module().train();
    if (!loss_of_batch(images, labels, context.seed).requires_grad())
        return failed("the loss does not depend on any parameter");
    model.module().eval();
    const torch::NoGradGuard no_grad;
    const auto once = loss_of_batch(images, labels, context.seed).item<double>();
    if (loss_of_batch(images, labels, context.seed + 1).item<double>() != once)
        return failed("evaluating one batch twice gives two losses; draw numbers in training only (is_training())");
    const auto twice =
        loss_of_batch(torch::cat({images, images}), torch::cat({labels, labels}), context.seed).item<double>();
    constexpr double tolerance = 1e-4;  // of float32 means
    if (std::abs(twice - once) > tolerance * std::max(1.0, std::abs(once)))
        return {Outcome::warning, fmt::format("the loss of {} examples is {:.6g}, of the same ones twice {:.6g}; the "
                                              "loss of a pass is told as if it were a mean over the batch",
                                              count, once, twice)};
    return {};
}

CheckResult learns(const CheckContext& context) {
    const Plugin& plugin = context.load();
    const std::vector<std::int64_t> mnist{1, 28, 28};
    if (input_sizes(*plugin.descriptor) != mnist || plugin.descriptor->classes < 10)
        return {Outcome::skipped, "the model does not take MNIST's images of 1x28x28 and 10 classes"};
    if (context.mnist == nullptr) return {Outcome::skipped, "MNIST is not there; get it with: labhost fetch mnist"};
    constexpr std::int64_t count = 256;
    constexpr int epochs = 20;
    PluginModel model = build(plugin, context.seed);
    torch::optim::SGD optimizer(model.module().parameters(), torch::optim::SGDOptions(0.01).momentum(0.5));
    Loader loader(context.mnist->train,
                  {.limit = count, .batch_size = 64, .sizes = mnist, .normalize = {.mean = {0.1307}, .std = {0.3081}}});
    const auto loss_now = [&] {
        const torch::NoGradGuard no_grad;
        model.module().eval();
        loader.begin_pass();
        double sum = 0.0;
        for (Batch batch; loader.next(batch);)
            sum +=
                mean_loss(model, context.loss, model.forward(batch.images), batch.targets, batch.images).item<double>();
        return sum / static_cast<double>(loader.batches());
    };
    const double before = loss_now();
    for (int epoch = 0; epoch < epochs; ++epoch) {
        loader.begin_pass();
        for (Batch batch; loader.next(batch);) sgd_step(model, optimizer, context.loss, batch.images, batch.targets);
    }
    const double after = loss_now();
    constexpr double least = 0.995;  // a network of sigmoids is slow: it reaches 0.98
    if (!(after < least * before))
        return failed(
            fmt::format("in {} epochs over {} examples the loss went from {:.4f} to {:.4f} (SGD, lr 0.01, "
                        "momentum 0.5)",
                        epochs, count, before, after));
    return {};
}

CheckResult cuda(const CheckContext& context) {
    if (!torch::cuda::is_available()) return no_gpu;
    const Plugin& plugin = context.load();
    PluginModel model = build(plugin, context.seed);
    const torch::Tensor images = random_images(plugin, 16, context.seed);
    const torch::NoGradGuard no_grad;
    model.module().eval();
    const torch::Tensor on_cpu = model.forward(images);
    model.module().to(torch::kCUDA);
    const torch::Tensor on_gpu = model.forward(images.to(torch::kCUDA));
    if (!on_gpu.is_cuda())
        return failed("on a GPU, forward returns a tensor of the CPU; follow the device of the input");
    constexpr double tolerance = 1e-2;  // TF32 has ten bits
    if (const double off = (on_gpu.cpu() - on_cpu).abs().max().item<double>(); !(off <= tolerance))
        return failed(fmt::format("outputs on a GPU are off by {:.3g} from those on the CPU", off));
    model.module().to(torch::kCPU);
    if (!identical(model.forward(images), on_cpu))
        return failed("moved to a GPU and back, the model gives other outputs");
    return {};
}

CheckResult cuda_graph(const CheckContext& context) {
    if (!torch::cuda::is_available()) return no_gpu;
    if (!can_share_draws()) return {Outcome::skipped, "CUDA graphs of steps need LibTorch 2.4 or later"};
    ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 1);
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
    at::globalContext().setDeterministicCuDNN(true);
    const torch::Device gpu(torch::kCUDA, 0);
    const RunContext run_context(gpu, /*colocated=*/false);
    const RunContext::Scope scope(run_context);
    constexpr int steps = 20;
    const auto begin = [&] {
        auto training = std::make_unique<Training>(context.load(), context, 16, gpu);
        training->model.module().train();
        torch::manual_seed(context.seed);  // dropout draws the same again
        return training;
    };
    const auto plain = begin();
    for (int i = 0; i < steps; ++i) plain->launch_step();
    auto captured = begin();
    StepGraph graph;
    try {
        for (int i = 0; i < steps; ++i) graph.run([&] { captured->launch_step(); }, captured->model.module());
    } catch (const NotCaptured& e) {
        static_cast<void>(captured.release());  // in the middle of a capture it cannot be destroyed; the process ends
        return {Outcome::warning,
                fmt::format("a step cannot be captured, so runs on a GPU launch its kernels one by one: {}", e.what())};
    } catch (const GpuFault&) {
        static_cast<void>(captured.release());
        throw;
    }
    constexpr double tolerance = 1e-3;  // kernels without a deterministic form sum in any order
    const NamedTensors expected = plain->model.state_dict();
    const NamedTensors replayed = captured->model.state_dict();
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const torch::Tensor plainly = expected[i].second.to(torch::kFloat64);
        const torch::Tensor again = replayed[i].second.to(torch::kFloat64);
        if (!torch::allclose(again, plainly, tolerance, tolerance, /*equal_nan=*/true))
            return failed(
                fmt::format("after {} steps '{}' is off by up to {:.3g} where they are replayed from a CUDA graph; "
                            "what forward does on the CPU is done once, when the graph is captured",
                            steps, expected[i].first, (again - plainly).abs().max().item<double>()));
    }
    return {};
}

}  // namespace labhost::checks
