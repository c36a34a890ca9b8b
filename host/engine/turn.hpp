// What a run has to itself where several share a process, taking turns in one thread.
#pragma once

#include <memory>

#include <torch/types.h>

namespace labhost {

/// Whether in this build a GPU's random draws can be those of several runs, and of several CUDA graphs (training and
/// test need one each): a CUDA LibTorch from 2.4 on.
bool can_share_draws();

/// A run's random draws, and on a GPU its stream.
class Own {
public:
    /// `colocated`: other runs of this process draw too; without it the draws are those of the process. Throws
    /// c10::Error.
    Own(torch::Device device, bool colocated);
    ~Own();
    Own(const Own&) = delete;
    Own& operator=(const Own&) = delete;
    Own(Own&&) = delete;
    Own& operator=(Own&&) = delete;

    bool colocated() const;

private:
    friend class Turn;
    struct State;
    std::shared_ptr<State> state_;
};

/// While it lives, this thread draws the run's random numbers, and works in its stream: the GPU's default stream cannot
/// be captured, and in streams of their own the kernels of several runs overlap. A turn within a turn of the same run
/// adds nothing.
class Turn {
public:
    explicit Turn(const Own& own);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn(Turn&&) = delete;
    Turn& operator=(Turn&&) = delete;

private:
    std::shared_ptr<Own::State> state_;  ///< lives on where a trainer's constructor throws within the turn
};

}  // namespace labhost
