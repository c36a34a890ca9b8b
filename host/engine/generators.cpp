#include "engine/generators.hpp"

#include <mutex>

#include <torch/torch.h>

namespace labhost {

Generators::Generators(torch::Device device, std::uint64_t seed_of_all)
    : all_{{.name = "cpu", .generator = at::globalContext().defaultGenerator(torch::kCPU)}} {
    if (device.is_cuda()) all_.push_back({.name = "cuda", .generator = at::globalContext().defaultGenerator(device)});
    seed(seed_of_all);
}

void Generators::seed(std::uint64_t seed) {
    for (Named& named : all_) {
        const std::lock_guard lock(named.generator.mutex());
        named.generator.set_current_seed(seed);
    }
}

void Generators::save(StateWriter state) const {
    for (const Named& named : all_) {
        at::Generator generator = named.generator;  // another handle of the same
        const std::lock_guard lock(generator.mutex());
        state.tensor(named.name, generator.get_state());
    }
}

void Generators::load(const StateReader& state) {
    for (Named& named : all_) {
        const torch::Tensor saved = state.tensor(named.name, torch::kUInt8);
        const std::lock_guard lock(named.generator.mutex());
        named.generator.set_state(saved);
    }
}

}  // namespace labhost
