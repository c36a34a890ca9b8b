// What each run has to itself where several are colocated: they share a process, and take their steps in one thread.
#pragma once

#include <memory>

#include <torch/types.h>

namespace labhost {

/// Whether in this build a GPU's random draws can be those of several runs, and of several CUDA graphs (training and
/// test need one each): a CUDA LibTorch from 2.4 on.
bool can_share_draws();

/// A run's random draws, and on a GPU its stream.
class RunContext {
public:
    class Scope;

    /// `colocated`: other runs of this process draw too; without it the draws are those of the process. Throws
    /// c10::Error.
    RunContext(torch::Device device, bool colocated);
    ~RunContext();
    RunContext(const RunContext&) = delete;
    RunContext& operator=(const RunContext&) = delete;
    RunContext(RunContext&&) = delete;
    RunContext& operator=(RunContext&&) = delete;

    bool colocated() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// While it lives, this thread draws the run's random numbers, and works in its stream: the GPU's default stream cannot
/// be captured, and in streams of their own the kernels of several runs overlap. A scope within one of the same run
/// adds nothing.
class RunContext::Scope {
public:
    explicit Scope(const RunContext& context);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    Scope(Scope&&) = delete;
    Scope& operator=(Scope&&) = delete;

private:
    std::shared_ptr<State> state_;  ///< lives on where a trainer's constructor throws within the scope
};

}  // namespace labhost
