// The list of all tests, which `labhost validate --list` and the docs print, and what the tests share.
#include <array>

#include <fmt/format.h>
#include <torch/torch.h>

#include "engine/checks/checks.hpp"
#include "engine/loss.hpp"
#include "plugin/describe.hpp"

namespace labhost::checks {

namespace {

/// The test as the list holds it: on one thread, as runs are, and with LibTorch's errors without their stack.
template <CheckResult (*check)(const CheckContext&)>
CheckResult guarded(const CheckContext& context) {
    at::set_num_threads(1);
    try {
        return check(context);
    } catch (const c10::Error& e) {
        return failed(e.what_without_backtrace());
    }
}

constexpr std::array list{
    Check{"loads", "it loads, now and local", guarded<loads>},
    Check{"exports", "it exports its stamp and its descriptor and nothing else", guarded<exports>},
    Check{"quiet-load", "loading it computes no tensors and starts no threads", guarded<quiet_load>},
    Check{"refuses-parameters", "unknown and out-of-range parameters are refused by name", guarded<refuses_parameters>},
    Check{"defaults", "no parameters give the same model as the defaults written out", guarded<defaults>},
    Check{"parameter-ranges",
          "smallest, largest and 50 random values give finite outputs and gradients, or a clean refusal",
          guarded<parameter_ranges>},
    Check{"batch-sizes", "batches of 1, 2, 7, 64 and 1000 examples", guarded<batch_sizes>},
    Check{"input-unchanged", "forward leaves its input as it was", guarded<input_unchanged>},
    Check{"output", "the output has the declared shape and type, and is finite", guarded<output>},
    Check{"log-probabilities", "for the loss nll, each row of the output holds log-probabilities",
          guarded<log_probabilities>},
    Check{"train-eval", "it switches to evaluation and back, and evaluates the same way twice",
          guarded<train_and_eval>},
    Check{"two-threads", "two instances on two threads give what they give alone", guarded<two_threads>},
    Check{"same-seed", "the same seed gives the same weights and outputs", guarded<same_seed>},
    Check{"gradients-reach", "every parameter gets a gradient", guarded<gradients_reach>},
    Check{"registration", "every trained tensor is registered, once", guarded<registration>},
    Check{"state-dict", "a state_dict loaded into a fresh instance gives equal outputs and equal bytes",
          guarded<state_dict>},
    Check{"finite-differences", "gradients agree with finite differences in float64", guarded<finite_differences>},
    Check{"memory", "200 training steps do not let memory grow", guarded<memory>},
    Check{"learns", "the loss falls on 256 examples of MNIST", guarded<learns>},
    Check{"cuda", "it moves to a GPU and back", guarded<cuda>},
    Check{"cuda-graph", "a training step can be captured in a CUDA graph, and is the same when replayed",
          guarded<cuda_graph>},
};

}  // namespace

CheckResult failed(std::string detail) { return {Outcome::failed, std::move(detail)}; }

PluginModel build(const Plugin& plugin, std::uint64_t seed) {
    torch::manual_seed(seed);
    return {plugin, resolve_params(plugin, {})};
}

torch::Tensor random_images(const Plugin& plugin, std::int64_t count, std::uint64_t seed) {
    std::vector<std::int64_t> sizes = input_sizes(*plugin.descriptor);
    sizes.insert(sizes.begin(), count);
    torch::manual_seed(seed);
    return (torch::rand(sizes) - 0.1307) / 0.3081;  // as MNIST is normalised
}

torch::Tensor random_labels(const Plugin& plugin, const CheckContext& context, std::int64_t count, std::uint64_t seed) {
    torch::manual_seed(seed);
    if (const std::int64_t outputs = output_count(*plugin.descriptor); outputs > 0)
        return torch::randint(2, {count, context.targets > 0 ? context.targets : outputs},
                              torch::kFloat32);  // for a regression, and for labels
    return torch::randint(plugin.descriptor->classes, {count}, torch::kInt64);
}

torch::Tensor mean_loss(PluginModel& model, Loss loss, const torch::Tensor& output, const torch::Tensor& labels,
                        const torch::Tensor& images) {
    // One of the tests is in double.
    const torch::Tensor targets = labels.is_floating_point() ? labels.to(output.scalar_type()) : labels;
    if (loss != Loss::model) return loss_of(loss, output, targets, at::Reduction::Mean);
    return output.scalar_type() == torch::kFloat32 ? model.loss(output, targets, images)
                                                   : model.loss_unchecked(output, targets, images);
}

double sgd_step(PluginModel& model, torch::optim::Optimizer& optimizer, Loss loss, const torch::Tensor& images,
                const torch::Tensor& labels) {
    model.module().train();
    optimizer.zero_grad();
    const torch::Tensor value = mean_loss(model, loss, model.forward(images), labels, images);
    value.backward();
    optimizer.step();
    return value.item<double>();
}

bool identical(const torch::Tensor& a, const torch::Tensor& b) {
    return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() &&
           (torch::equal(a, b) || torch::allclose(a, b, 0.0, 0.0, /*equal_nan=*/true));
}

std::string first_difference(const NamedTensors& a, const NamedTensors& b) {
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        if (i >= a.size() || i >= b.size() || a[i].first != b[i].first) return "the names of the tensors";
        if (!identical(a[i].second, b[i].second)) return fmt::format("'{}'", a[i].first);
    }
    return "";
}

}  // namespace labhost::checks

extern "C" __attribute__((visibility("default"))) const std::span<const labhost::Check>* labhost_checks() {
    static const std::span<const labhost::Check> checks(labhost::checks::list);
    return &checks;
}
