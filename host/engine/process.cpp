#include "engine/process.hpp"

#include <cstdlib>

#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/torch.h>

#include "engine/determinism.hpp"

namespace labhost {

namespace {

/// A step that uses all of them, in this thread and in that of the backward pass. Draws nothing.
void step_once(torch::Device gpu) {
    const auto there = torch::TensorOptions(gpu);
    const torch::Tensor filter = torch::zeros({4, 1, 5, 5}, there.requires_grad(true));
    const torch::Tensor weight = torch::zeros({10, 4 * 24 * 24}, there.requires_grad(true));
    const torch::Tensor images = torch::zeros({8, 1, 28, 28}, there);
    const torch::Tensor output = torch::linear(torch::conv2d(images, filter).relu().flatten(1), weight);
    output.sum().backward();
    torch::cuda::synchronize(gpu.index());
}

}  // namespace

void prepare_gpu_process(torch::Device gpu) {
    // CUDA has eight unless it is told before it starts, and up to 32.
    ::setenv("CUDA_DEVICE_MAX_CONNECTIONS", "32", /*replace=*/0);
    ::setenv("CUBLAS_WORKSPACE_CONFIG", workspace_of_cublas, /*replace=*/1);
    if (!at::detail::getCUDAHooks().hasPrimaryContext(gpu.index())) step_once(gpu);
}

void prepare_process(const TrainerSettings& settings, torch::Device device) {
    at::set_num_threads(settings.threads);
    if (device.is_cuda()) {
        prepare_gpu_process(device);
        ask_for_determinism(/*refuse=*/settings.deterministic);
        if (settings.numerics == Numerics::fast)  // for convolutions PyTorch itself allows it unasked
            at::globalContext().setAllowTF32CuBLAS(settings.precision == Precision::tf32);
    } else if (settings.deterministic) {
        at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
    }
}

}  // namespace labhost
