// The replaced operators beside LibTorch's own, on the shapes of q4's networks, one thread.
#include <cstdint>
#include <optional>
#include <vector>

#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include "engine/cpu_operators.hpp"

namespace labhost {
namespace {

/// LibTorch's own operators, those that have its bits, or all of ours.
enum Whose : std::int64_t { libtorchs, exact, fast };

std::optional<CpuOperators> operators(benchmark::State& state) {
    at::set_num_threads(1);
    torch::manual_seed(1);
    const auto whose = state.range(0);
    state.SetLabel(whose == libtorchs ? "LibTorch's" : "ours");
    return whose == libtorchs ? std::nullopt : std::make_optional<CpuOperators>(whose == fast);
}

void convolution(benchmark::State& state, std::int64_t in, std::int64_t size, std::int64_t out, bool backward) {
    const auto replaced = operators(state);
    const torch::Tensor x = torch::randn({64, in, size, size}).requires_grad_(in > 1);
    const torch::Tensor w = torch::randn({out, in, 5, 5}).requires_grad_();
    const torch::Tensor b = torch::randn({out}).requires_grad_();
    const torch::Tensor y = torch::conv2d(x, w, b);
    const torch::Tensor gradient = torch::randn_like(y);
    const std::vector<torch::Tensor> inputs = in > 1 ? std::vector{x, w, b} : std::vector{w, b};
    for (auto _ : state) {
        if (backward) {
            benchmark::DoNotOptimize(torch::autograd::grad({y}, inputs, {gradient}, /*retain_graph=*/true));
        } else {
            const torch::NoGradGuard no_grad;
            benchmark::DoNotOptimize(torch::conv2d(x, w, b));
        }
    }
    const auto products = static_cast<double>(y.numel() * in * 25) * (backward && in > 1 ? 2.0 : 1.0);
    state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * products, benchmark::Counter::kIsIterationInvariantRate);
}

void max_pool(benchmark::State& state, std::int64_t channels, std::int64_t size, bool backward) {
    const auto replaced = operators(state);
    const torch::Tensor x = torch::randn({64, channels, size, size}).requires_grad_();
    const torch::Tensor y = torch::max_pool2d(x, 2, 2);
    const torch::Tensor gradient = torch::randn_like(y);
    for (auto _ : state) {
        if (backward) {
            benchmark::DoNotOptimize(torch::autograd::grad({y}, {x}, {gradient}, /*retain_graph=*/true));
        } else {
            const torch::NoGradGuard no_grad;
            benchmark::DoNotOptimize(torch::max_pool2d(x, 2, 2));
        }
    }
}

BENCHMARK_CAPTURE(convolution, conv1_forward, 1, 28, 20, false)
    ->Arg(libtorchs)
    ->Arg(fast)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(convolution, conv1_backward, 1, 28, 20, true)
    ->Arg(libtorchs)
    ->Arg(fast)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(convolution, conv2_forward, 20, 12, 50, false)
    ->Arg(libtorchs)
    ->Arg(fast)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(convolution, conv2_backward, 20, 12, 50, true)
    ->Arg(libtorchs)
    ->Arg(fast)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(max_pool, pool1_forward, 20, 24, false)->Arg(libtorchs)->Arg(exact)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(max_pool, pool1_backward, 20, 24, true)->Arg(libtorchs)->Arg(exact)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(max_pool, pool2_forward, 50, 8, false)->Arg(libtorchs)->Arg(exact)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(max_pool, pool2_backward, 50, 8, true)->Arg(libtorchs)->Arg(exact)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace labhost
