// Whole steps captured as CUDA graphs.
#pragma once

#include <functional>
#include <memory>

#include <torch/nn/module.h>
#include <torch/types.h>

#include "train/trainer.hpp"

namespace labhost {

/// A step that is done again and again. The first times it is done as it is, so that what it allocates once (momentum
/// buffers, workspaces) is there; then it is captured, and from then on replayed: one launch a step. Every step counts,
/// and draws the same random numbers as without a graph.
class StepGraph {
public:
    StepGraph();
    ~StepGraph();
    StepGraph(const StepGraph&) = delete;
    StepGraph& operator=(const StepGraph&) = delete;
    StepGraph(StepGraph&&) = delete;
    StepGraph& operator=(StepGraph&&) = delete;

    /// Does the step, of this module, once. It must read its input from, and leave its results in, the same memory each
    /// time. To be called within a RunContext::Scope of the run. Throws GpuFault if the GPU's memory does not suffice;
    /// NotCaptured, also for what LibTorch would capture and replay wrongly: draws from the CPU's generator, tensors of
    /// the module that are replaced. What a step does to variables of its own is beyond us: it happens once more, and
    /// then no more.
    void run(const std::function<void()>& step, const torch::nn::Module& module);

    bool captured() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace labhost
