// A step of each optimizer beside a copy of memory that moves as many bytes, one thread, with each instruction set.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <benchmark/benchmark.h>

#include "kernels/optimizers.hpp"
#include "support/machine.hpp"

namespace labhost::kernels {
namespace {

/// Of a parameter: its arrays, and how many floats an element a step of it reads and writes.
struct Tensors {
    explicit Tensors(std::size_t count) : grad(count, 0.3F), param(count, 0.5F) {}
    float* state(std::size_t i) {
        states[i].resize(grad.size(), 0.1F);
        return states[i].data();
    }
    std::vector<float> grad;
    std::vector<float> param;
    std::array<std::vector<float>, 3> states;
};

using Step = void (*)(const OptimizerKernels&, std::int64_t count, Tensors&);

template <class Work>
double seconds(const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    benchmark::ClobberMemory();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void step(benchmark::State& state, Step step, std::int64_t floats) {
    constexpr std::array sets{&optimizers_baseline, &optimizers_avx2, &optimizers_avx512};
    const auto which = static_cast<std::size_t>(state.range(0));
    const std::size_t there = instruction_set() == "avx512" ? 3 : instruction_set() == "avx2" ? 2 : 1;
    if (which >= there) return state.SkipWithError("not this processor's");
    const std::int64_t count = state.range(1);
    const auto bytes = static_cast<std::size_t>(4 * floats * count);
    Tensors tensors(static_cast<std::size_t>(count));
    std::vector<char> from(bytes / 2, 'a');
    std::vector<char> to(bytes / 2, 'b');
    step(*sets[which], count, tensors);  // what is not there yet is allocated
    double ours = std::numeric_limits<double>::infinity();
    double of_copy = ours;
    for (auto _ : state) {  // in turn, so that both meet the same load of the machine
        const double passed = seconds([&] { step(*sets[which], count, tensors); });
        state.SetIterationTime(passed);
        ours = std::min(ours, passed);
        of_copy = std::min(of_copy, seconds([&] { std::memcpy(to.data(), from.data(), bytes / 2); }));
    }
    state.SetLabel(sets[which]->name);
    // Of the fastest of each.
    state.counters["GB/s"] = 1e-9 * static_cast<double>(bytes) / ours;
    state.counters["GB/s of a copy"] = 1e-9 * static_cast<double>(bytes) / of_copy;
    state.counters["times a copy"] = ours / of_copy;
}

const Decay beta1(0.9);
const Decay beta2(0.999);
const AdamCoefficients adam_step{
    .step_size = 1e-3F, .beta1 = beta1, .beta2 = beta2, .denom_factor = 1.1F, .eps = 1e-8F, .param_factor = 0.999F};

void sgd(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.sgd(count, {.lr = 1e-3F}, t.grad.data(), {}, t.param.data());
}
void sgd_momentum(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.sgd(count, {.lr = 1e-3F, .momentum = 0.5F}, t.grad.data(), {.momentum_buffer = t.state(0)}, t.param.data());
}
void adam(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.adam(count, adam_step, t.grad.data(), {.exp_avg = t.state(0), .exp_avg_sq = t.state(1)}, t.param.data());
}
void adam_amsgrad(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.adam(count, adam_step, t.grad.data(),
           {.exp_avg = t.state(0), .exp_avg_sq = t.state(1), .max_exp_avg_sq = t.state(2)}, t.param.data());
}
void nadam(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.nadam(count,
            {.grad_step_size = 1e-3F,
             .exp_avg_step_size = 1e-3F,
             .beta1 = beta1,
             .beta2 = beta2,
             .exp_avg_sq_factor = 1.1F,
             .eps = 1e-8F},
            t.grad.data(), {.exp_avg = t.state(0), .exp_avg_sq = t.state(1)}, t.param.data());
}
void radam(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.radam(count, {.rectified = true, .step_size = 1e-3F, .beta1 = beta1, .beta2 = beta2, .eps = 1e-8F}, t.grad.data(),
            {.exp_avg = t.state(0), .exp_avg_sq = t.state(1)}, t.param.data());
}
void adamax(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.adamax(count, {.step_size = 1e-3F, .beta1 = beta1, .beta2 = 0.999F, .eps = 1e-8F}, t.grad.data(),
             {.exp_avg = t.state(0), .exp_inf = t.state(1)}, t.param.data());
}
void adagrad(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.adagrad(count, {.step_size = 1e-3F, .eps = 1e-8F}, t.grad.data(), {.sum = t.state(0)}, t.param.data());
}
void adadelta(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.adadelta(count, {.lr = 1e-3F, .rho = beta1, .eps = 1e-6F}, t.grad.data(),
               {.square_avg = t.state(0), .acc_delta = t.state(1)}, t.param.data());
}
void rmsprop(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.rmsprop(count, {.lr = 1e-3F, .alpha = beta1, .eps = 1e-8F}, t.grad.data(), {.square_avg = t.state(0)},
              t.param.data());
}
void rmsprop_all(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.rmsprop(count, {.lr = 1e-3F, .alpha = beta1, .eps = 1e-8F, .momentum = 0.9F}, t.grad.data(),
              {.square_avg = t.state(0), .grad_avg = t.state(1), .momentum_buffer = t.state(2)}, t.param.data());
}
void asgd(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.asgd(count, {.eta = 1e-3F, .param_factor = 0.999F, .mu = 0.5F}, t.grad.data(), {.ax = t.state(0)},
           t.param.data());
}
void rprop(const OptimizerKernels& k, std::int64_t count, Tensors& t) {
    k.rprop(count, {.etaminus = 0.5F, .etaplus = 1.2F, .step_size_min = 1e-6F, .step_size_max = 50.0F}, t.grad.data(),
            {.prev = t.state(0), .step_size = t.state(1)}, t.param.data());
}

void sizes(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgsProduct({{0, 1, 2}, {10'000, 1'000'000, 10'000'000}})->UseManualTime();
}

BENCHMARK_CAPTURE(step, sgd, sgd, 3)->Apply(sizes);
BENCHMARK_CAPTURE(step, sgd_momentum, sgd_momentum, 5)->Apply(sizes);
BENCHMARK_CAPTURE(step, adam, adam, 7)->Apply(sizes);
BENCHMARK_CAPTURE(step, adam_amsgrad, adam_amsgrad, 9)->Apply(sizes);
BENCHMARK_CAPTURE(step, nadam, nadam, 7)->Apply(sizes);
BENCHMARK_CAPTURE(step, radam, radam, 7)->Apply(sizes);
BENCHMARK_CAPTURE(step, adamax, adamax, 7)->Apply(sizes);
BENCHMARK_CAPTURE(step, adagrad, adagrad, 5)->Apply(sizes);
BENCHMARK_CAPTURE(step, adadelta, adadelta, 7)->Apply(sizes);
BENCHMARK_CAPTURE(step, rmsprop, rmsprop, 5)->Apply(sizes);
BENCHMARK_CAPTURE(step, rmsprop_momentum_centered, rmsprop_all, 9)->Apply(sizes);
BENCHMARK_CAPTURE(step, asgd, asgd, 5)->Apply(sizes);
BENCHMARK_CAPTURE(step, rprop, rprop, 7)->Apply(sizes);

}  // namespace
}  // namespace labhost::kernels
