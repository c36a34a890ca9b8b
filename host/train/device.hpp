// The device a run computes on, and the GPUs that there are for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace labhost {

struct Device {
    bool cuda = false;
    int index = 0;  ///< of the GPU

    /// "cpu", "cuda:0"
    std::string text() const;
};

struct Gpu {
    std::string name{};        ///< "NVIDIA H200"
    std::string capability{};  ///< "9.0"
    std::uint64_t memory = 0;  ///< bytes
};

/// Bytes of a GPU's, as they are at a moment.
struct GpuMemory {
    std::uint64_t free = 0;
    std::uint64_t total = 0;
};

/// What LibTorch makes of the GPUs here, and with which versions of NVIDIA's software; each "" where it is not known.
struct GpuSurvey {
    std::vector<Gpu> gpus{};  ///< that LibTorch can use, by index
    std::string
        why_none{};  ///< why it can use none though one, or its driver's device file, is here, and what to do; else ""
    std::string driver{};       ///< version of the kernel's driver, "580.95.05"
    std::string cuda_driver{};  ///< newest CUDA that the driver can do, "13.0"
    std::string runtime{};      ///< CUDA runtime in the process that computes, "13.0"
    std::string cudnn{};        ///< "9.12.0"
    std::string cublas{};       ///< "13.0.0"
};

/// [supervisor] Asked once; the processes that it forks then know the answer. Where nothing speaks of a GPU, neither
/// LibTorch is loaded nor a child made. Throws what engine() throws.
const GpuSurvey& survey_gpus();

/// [supervisor] GPUs that LibTorch can use here.
int gpu_count();

/// [supervisor] auto | cpu | cuda | cuda:N; auto is the first GPU if there is one. Throws Error (unusable) for a GPU
/// that is not there, with the reason: there is no fall-back to the CPU.
Device resolve_device(const std::string& name);

/// The same on a machine that cannot be asked: auto is a GPU if it is said to have one, and what is named is believed.
Device device_elsewhere(const std::string& name, bool has_gpu);

}  // namespace labhost
