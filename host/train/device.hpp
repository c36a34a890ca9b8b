// The device a run computes on.
#pragma once

#include <string>

namespace labhost {

struct Device {
    bool cuda = false;
    int index = 0;  ///< of the GPU

    /// "cpu", "cuda:0"
    std::string text() const;
};

/// GPUs that LibTorch sees here.
int gpu_count();

/// auto | cpu | cuda | cuda:N; auto is the first GPU if there is one. Throws Error (unusable) for a GPU that is not
/// there: there is no fall-back to the CPU.
Device resolve_device(const std::string& name);

/// The same on a machine that cannot be asked: auto is a GPU if it is said to have one, and what is named is believed.
Device device_elsewhere(const std::string& name, bool has_gpu);

}  // namespace labhost
