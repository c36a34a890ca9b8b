// Which LibTorch the dynamic linker found, against the one that this labhost was built with.
#pragma once

#include <string>

#include "plugin/stamp.hpp"

namespace labhost {

/// What a LibTorch in this process says of itself.
struct LoadedTorch {
    std::string file{};     ///< "/usr/lib/x86_64-linux-gnu/libtorch_cpu.so.1.13"
    std::string version{};  ///< "2.13.0"; "" if it does not say
    std::string cuda{};     ///< that it was built for, "13.0"; "" for CPUs alone
};

/// Why a labhost with this stamp cannot compute with it, and what to do; "" if it can, or that cannot be told. The
/// version must be the same, and CUDA's major number, which that of the runtime goes with; CUDA keeps its interface
/// within one.
std::string why_other_torch(const LoadedTorch& loaded, const Stamp& built_with);

}  // namespace labhost
