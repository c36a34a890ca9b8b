// The random generators whose draws a run may depend on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include "engine/state.hpp"

namespace labhost {

/// LibTorch's default generators: the CPU's, and that of the GPU a run computes on. Not of other GPUs, whose driver
/// would be started for them. Within a RunContext::Scope they are the run's own.
class Generators final : public Stateful {
public:
    /// Seeds them too.
    Generators(torch::Device device, std::uint64_t seed);

    /// As torch::manual_seed does for all that there are.
    void seed(std::uint64_t seed);

    void save(StateWriter state) const override;
    void load(const StateReader& state) override;

private:
    struct Named {
        std::string name;  ///< "cpu", "cuda"
        at::Generator generator;
    };
    std::vector<Named> all_;
};

}  // namespace labhost
