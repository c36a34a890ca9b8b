// Tests of a model's weights and their gradients.
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/mman.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/torch.h>

#include "engine/checks/checks.hpp"
#include "support/error.hpp"
#include "support/file_descriptor.hpp"
#include "support/text.hpp"

namespace labhost::checks {

namespace {

/// The loss of a training pass over `images`, with its random draws from `seed`.
torch::Tensor training_loss(PluginModel& model, const CheckContext& context, const torch::Tensor& images,
                            const torch::Tensor& labels) {
    model.module().train();
    torch::manual_seed(context.seed);
    return mean_loss(model, context.loss, model.forward_unchecked(images.clone()), labels, images);
}

/// The tensors that a backward pass from `root` would give gradients.
std::vector<torch::Tensor> leaves_of(const torch::Tensor& root) {
    std::vector<torch::Tensor> leaves;
    std::set<const torch::autograd::Node*> seen;
    std::vector<torch::autograd::Node*> waiting{root.grad_fn().get()};
    while (!waiting.empty()) {
        torch::autograd::Node* node = waiting.back();
        waiting.pop_back();
        if (node == nullptr || !seen.insert(node).second) continue;
        if (const auto* leaf = dynamic_cast<const torch::autograd::AccumulateGrad*>(node))
            leaves.push_back(leaf->variable);
        for (const auto& edge : node->next_edges()) waiting.push_back(edge.function.get());
    }
    return leaves;
}

/// Writes a state_dict and reads it back, as a run's model.pt and init_from do.
NamedTensors through_a_file(const std::string& bytes) {
    const FileDescriptor file(::memfd_create("state_dict", MFD_CLOEXEC));
    if (!file || !write_all(file.get(), bytes)) throw std::runtime_error("no memory for a copy of the state_dict");
    return unpickle_state_dict(fmt::format("/proc/self/fd/{}", file.get()));
}

/// Compares the gradient of `values` with central differences along random directions; what disagrees, or "". One that
/// agrees anywhere is right: a piecewise function (ReLU, max-pooling) has kinks, and a difference across one is off
/// whatever the gradient, more often the larger the step; while a gradient that is wrong is so in every direction. The
/// error of a central difference is O(step^2), that of rounding about 1e-16 / step.
std::string disagreement(torch::Tensor values, std::uint64_t seed, const std::function<double()>& loss_now) {
    constexpr int directions = 3;
    constexpr double tolerance = 1e-4;
    constexpr double smallest = 1e-4;  // of a slope: below it rounding shows
    const torch::Tensor before = values.clone();
    torch::manual_seed(seed);
    std::vector<torch::Tensor> tried;
    for (int i = 0; i < directions; ++i) tried.push_back(torch::randn_like(values));
    std::string words;
    for (const torch::Tensor& random : tried) {
        const torch::Tensor direction = random / random.norm();
        const double expected = (values.grad() * direction).sum().item<double>();
        for (const double step : {1e-5, 1e-6, 1e-7}) {
            const auto loss_at = [&](double distance) {
                values.copy_(before + distance * direction);
                return loss_now();
            };
            const double found = (loss_at(step) - loss_at(-step)) / (2.0 * step);
            values.copy_(before);
            const double scale = std::max({std::abs(expected), std::abs(found), smallest});
            if (std::abs(expected - found) <= tolerance * scale) return "";
            words = fmt::format("{:.6g} along a random direction, finite differences give {:.6g}", expected, found);
        }
    }
    return words;
}

}  // namespace

CheckResult same_seed(const CheckContext& context) {
    const Plugin& plugin = context.load();
    PluginModel first = build(plugin, context.seed);
    PluginModel second = build(plugin, context.seed);
    if (const auto where = first_difference(first.state_dict(), second.state_dict()); !where.empty())
        return failed(
            fmt::format("{} differs between two models of the same seed; draw from LibTorch's default "
                        "generator only",
                        where));
    const torch::Tensor images = random_images(plugin, 7, context.seed);
    const torch::Tensor labels = random_labels(plugin, context, 7, context.seed);
    if (!identical(training_loss(first, context, images, labels), training_loss(second, context, images, labels)))
        return failed("two models of the same seed give two losses; draw from LibTorch's default generator only");
    return {};
}

CheckResult gradients_reach(const CheckContext& context) {
    const Plugin& plugin = context.load();
    PluginModel model = build(plugin, context.seed);
    const auto parameters = model.module().named_parameters();
    if (parameters.is_empty()) return failed("the model has no parameters; register its layers with register_module");
    constexpr std::int64_t count = 64;
    const torch::Tensor loss = training_loss(model, context, random_images(plugin, count, context.seed),
                                             random_labels(plugin, context, count, context.seed));
    if (!loss.requires_grad()) return failed("the output does not depend on any parameter");
    loss.backward();
    CheckResult result;
    for (const auto& parameter : parameters) {
        if (!parameter.value().requires_grad()) {
            result = {Outcome::warning, fmt::format("'{}' is frozen: it does not require a gradient", parameter.key())};
        } else if (!parameter.value().grad().defined()) {
            return failed(
                fmt::format("'{}' gets no gradient; forward does not use it, or detaches it", parameter.key()));
        } else if (parameter.value().grad().count_nonzero().item<std::int64_t>() == 0) {
            result = {Outcome::warning, fmt::format("the gradient of '{}' is zero throughout", parameter.key())};
        }
    }
    return result;
}

CheckResult registration(const CheckContext& context) {
    const Plugin& plugin = context.load();
    PluginModel model = build(plugin, context.seed);
    std::map<const void*, std::string> registered;
    for (const auto& parameter : model.module().named_parameters()) {
        const auto [other, added] = registered.emplace(parameter.value().unsafeGetTensorImpl(), parameter.key());
        if (!added)
            return failed(fmt::format("'{}' and '{}' are the same tensor; the optimizer would step it twice",
                                      other->second, parameter.key()));
    }
    const torch::Tensor loss = training_loss(model, context, random_images(plugin, 7, context.seed),
                                             random_labels(plugin, context, 7, context.seed));
    for (const torch::Tensor& leaf : leaves_of(loss))
        if (!registered.contains(leaf.unsafeGetTensorImpl()))
            return failed(
                fmt::format("a tensor of shape [{}] gets gradients but is not registered: it is neither "
                            "trained nor saved; use register_module or register_parameter",
                            fmt::join(leaf.sizes(), ", ")));
    return {};
}

CheckResult state_dict(const CheckContext& context) {
    const Plugin& plugin = context.load();
    PluginModel trained = build(plugin, context.seed);
    const torch::Tensor images = random_images(plugin, 16, context.seed);
    const torch::Tensor labels = random_labels(plugin, context, 16, context.seed);
    torch::optim::SGD optimizer(trained.module().parameters(), torch::optim::SGDOptions(0.01));
    constexpr int steps = 3;  // so that buffers change too
    for (int i = 0; i < steps; ++i) sgd_step(trained, optimizer, context.loss, images, labels);
    const std::string saved = pickle_state_dict(trained.state_dict());
    PluginModel fresh = build(plugin, context.seed + 1);
    fresh.load_state_dict(through_a_file(saved), "the saved state_dict");
    if (pickle_state_dict(fresh.state_dict()) != saved)
        return failed("saved, loaded into a fresh instance and saved again, the state_dict has other bytes");
    trained.module().eval();
    fresh.module().eval();
    const torch::NoGradGuard no_grad;
    if (!identical(trained.forward(images.clone()), fresh.forward(images.clone())))
        return failed(
            "a fresh instance with the state_dict of a trained one gives other outputs; register all that "
            "forward uses, buffers too (register_buffer)");
    return {};
}

CheckResult finite_differences(const CheckContext& context) {
    const Plugin& plugin = context.load();
    PluginModel model = build(plugin, context.seed);
    model.module().to(torch::kFloat64);
    constexpr std::int64_t count = 4;
    const torch::Tensor images = random_images(plugin, count, context.seed).to(torch::kFloat64);
    const torch::Tensor labels = random_labels(plugin, context, count, context.seed);
    torch::Tensor loss;
    try {
        loss = training_loss(model, context, images, labels);
    } catch (const std::exception& e) {
        return {Outcome::warning, fmt::format("not tested, for the model does not run in float64: {}", e.what())};
    }
    if (loss.scalar_type() != torch::kFloat64)
        return {Outcome::warning, "not tested, for the model turns float64 into another type"};
    loss.backward();
    const torch::NoGradGuard no_grad;
    for (const auto& parameter : model.module().named_parameters()) {
        if (!parameter.value().grad().defined()) continue;  // `gradients-reach` is about those
        const auto loss_now = [&] { return training_loss(model, context, images, labels).item<double>(); };
        if (const std::string words = disagreement(parameter.value(), context.seed, loss_now); !words.empty())
            return failed(fmt::format("the gradient of '{}' is {}", parameter.key(), words));
    }
    return {};
}

}  // namespace labhost::checks
