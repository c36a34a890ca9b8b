// Tests of what forward takes and gives.
#include <array>
#include <thread>

#include <fmt/format.h>
#include <torch/torch.h>

#include "engine/checks/checks.hpp"
#include "support/error.hpp"

namespace labhost::checks {

namespace {

/// The output of a model in evaluation mode, without gradients.
torch::Tensor evaluate(PluginModel& model, const torch::Tensor& images) {
    const torch::NoGradGuard no_grad;
    model.module().eval();
    return model.forward(images.clone());  // `input-unchanged` is about what becomes of the input
}

/// The output of a forward pass in training mode, with its random draws from `seed`.
torch::Tensor train_forward(PluginModel& model, const torch::Tensor& images, std::uint64_t seed) {
    model.module().train();
    torch::manual_seed(seed);
    return model.forward(images.clone());  // `input-unchanged` is about what becomes of the input
}

std::string module_in_other_mode(const torch::nn::Module& module, bool training) {
    for (const auto& item : module.named_modules("", /*include_self=*/true))
        if (item.value()->is_training() != training) return item.key().empty() ? "the model itself" : item.key();
    return "";
}

}  // namespace

CheckResult batch_sizes(const CheckContext& context) {
    const Plugin& plugin = context.load();
    PluginModel model = build(plugin, context.seed);
    CheckResult result;
    for (const std::int64_t count : {1, 2, 7, 64, 1000}) {
        const torch::Tensor images = random_images(plugin, count, context.seed);
        const auto try_mode = [&](const char* mode, auto pass) -> std::string {
            try {
                const torch::Tensor output = pass();
                return output.isfinite().all().template item<bool>() ? "" : "the output is not finite";
            } catch (const Error& e) {
                return fmt::format("{} of {}: {}", mode, count, e.what());
            }
        };
        if (const auto fault = try_mode("evaluating a batch", [&] { return evaluate(model, images); }); !fault.empty())
            return failed(fault);
        const auto fault = try_mode("training on a batch", [&] { return train_forward(model, images, context.seed); });
        if (fault.empty()) continue;
        if (count > 1) return failed(fault);
        result = {Outcome::warning, fmt::format("{}; a run fails if its last training batch holds one example", fault)};
    }
    return result;
}

CheckResult input_unchanged(const CheckContext& context) {
    const Plugin& plugin = context.load();
    PluginModel model = build(plugin, context.seed);
    const torch::Tensor images = random_images(plugin, 7, context.seed);
    const torch::Tensor copy = images.clone();
    const auto changed = [&](const char* when) -> std::string {
        if (images.sizes() != copy.sizes() || images.strides() != copy.strides())
            return fmt::format("{} changes the shape of its input", when);
        if (images.requires_grad()) return fmt::format("{} makes its input require gradients", when);
        return identical(images, copy) ? "" : fmt::format("{} writes into its input", when);
    };
    model.module().eval();
    model.forward(images);
    if (const auto fault = changed("forward in evaluation"); !fault.empty()) return failed(fault);
    model.module().train();
    const torch::Tensor output = model.forward(images);
    if (const auto fault = changed("forward in training"); !fault.empty()) return failed(fault);
    if (output.requires_grad()) output.sum().backward();
    if (const auto fault = changed("backward"); !fault.empty()) return failed(fault);
    return {};
}

CheckResult output(const CheckContext& context) {
    const Plugin& plugin = context.load();
    PluginModel model = build(plugin, context.seed);
    const torch::Tensor images = random_images(plugin, 7, context.seed);
    for (const torch::Tensor& result : {evaluate(model, images), train_forward(model, images, context.seed)})
        if (!result.isfinite().all().item<bool>()) return failed("the output is not finite");
    return context.loss == Loss::model ? own_loss(context) : CheckResult{};
}

CheckResult log_probabilities(const CheckContext& context) {
    if (context.loss != Loss::nll)
        return {Outcome::skipped, fmt::format("the model is meant for the loss {}", to_text(context.loss))};
    const Plugin& plugin = context.load();
    PluginModel model = build(plugin, context.seed);
    const torch::Tensor images = random_images(plugin, 64, context.seed);
    constexpr double tolerance = 1e-4;  // of a sum of float32 exponentials
    for (const torch::Tensor& output : {evaluate(model, images), train_forward(model, images, context.seed)}) {
        const torch::Tensor sums = output.to(torch::kFloat64).exp().sum(1);
        const double off = (sums - 1.0).abs().max().item<double>();
        if (!(off <= tolerance))
            return failed(
                fmt::format("the probabilities of a row sum to {:.4g}, not to 1; return log_softmax(x, 1), or validate "
                            "with --loss cross_entropy if the model returns logits",
                            sums[(sums - 1.0).abs().argmax().item<std::int64_t>()].item<double>()));
    }
    return {};
}

CheckResult train_and_eval(const CheckContext& context) {
    const Plugin& plugin = context.load();
    PluginModel model = build(plugin, context.seed);
    const torch::Tensor images = random_images(plugin, 7, context.seed);
    for (const bool training : {true, false, true}) {
        model.module().train(training);
        if (const auto name = module_in_other_mode(model.module(), training); !name.empty())
            return failed(fmt::format("{} stays in the other mode after train({}); register it", name, training));
    }
    const torch::Tensor first = evaluate(model, images);
    if (!identical(first, evaluate(model, images)))
        return failed(
            "evaluating the same batch twice gives two results; in evaluation draw nothing and keep nothing "
            "(dropout must know is_training())");
    model.module().train();
    if (!identical(first, evaluate(model, images)))
        return failed("switching to training and back changes what is evaluated, although nothing was trained");
    const torch::Tensor trained = train_forward(model, images, context.seed);  // after what was evaluated above
    PluginModel other = build(plugin, context.seed);
    if (!identical(trained, train_forward(other, images, context.seed)))
        return failed("training after an evaluation differs from training without; evaluation must change nothing");
    return {};
}

CheckResult two_threads(const CheckContext& context) {
    const Plugin& plugin = context.load();
    constexpr int steps = 20;
    // In training mode too, unless it draws random numbers: their generator is shared by all threads.
    PluginModel probe = build(plugin, context.seed);
    PluginModel other = build(plugin, context.seed);
    const torch::Tensor some = random_images(plugin, 7, context.seed);
    const torch::Tensor labels = random_labels(plugin, context, 7, context.seed);
    const auto outcome = [&](PluginModel& model, std::uint64_t seed) {
        const torch::Tensor output = train_forward(model, some, seed);
        return std::pair(output, mean_loss(model, context.loss, output, labels, some));
    };
    const auto [output, loss] = outcome(probe, context.seed);
    const auto [other_output, other_loss] = outcome(other, context.seed + 1);
    const bool draws = !identical(output, other_output) || !identical(loss, other_loss);
    struct Work {
        PluginModel model;
        torch::Tensor images;
        torch::Tensor labels;
    };
    const auto make = [&](std::uint64_t seed) {
        return Work{build(plugin, seed), random_images(plugin, 32, seed), random_labels(plugin, context, 32, seed)};
    };
    const auto work = [&](Work& w) {
        NamedTensors results;
        for (int i = 0; i < steps; ++i) {
            w.model.module().train(!draws && i % 2 == 0);
            w.model.module().zero_grad();
            const torch::Tensor output = w.model.forward(w.images.clone());
            if (output.requires_grad()) mean_loss(w.model, context.loss, output, w.labels, w.images).backward();
            results.emplace_back("output", output.detach());
        }
        for (const auto& parameter : w.model.module().named_parameters())
            if (parameter.value().grad().defined())
                results.emplace_back(parameter.key(), parameter.value().grad().clone());
        return results;
    };
    const auto make_both = [&] { return std::array<Work, 2>{make(context.seed), make(context.seed + 1)}; };
    std::array<Work, 2> works = make_both();
    const std::array alone{work(works[0]), work(works[1])};
    works = make_both();  // as new
    std::array<NamedTensors, 2> together;
    std::array<std::string, 2> faults;
    const auto guarded = [&](std::size_t i) {
        try {
            at::set_num_threads(1);
            together[i] = work(works[i]);
        } catch (const std::exception& e) {
            faults[i] = e.what();
        }
    };
    std::thread second(guarded, 1);
    guarded(0);
    second.join();
    for (std::size_t i = 0; i < works.size(); ++i) {
        if (!faults[i].empty()) return failed("on two threads at once: " + faults[i]);
        if (const auto where = first_difference(alone[i], together[i]); !where.empty())
            return failed(
                fmt::format("two instances disturb each other: {} differs from what it is alone; keep state "
                            "in the model, not in globals",
                            where));
    }
    return {};
}

}  // namespace labhost::checks
