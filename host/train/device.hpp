// The device a run computes on, and what LibTorch is in this process.
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

/// For provenance and warnings.
struct TorchInfo {
    std::string version{};  ///< "1.13.0"
    std::string build{};    ///< "cpu", "cu130"
    std::string blas{};     ///< "OpenBLAS 0.3.21 ...", "MKL", or the file its functions come from
};

/// What is wrong with that BLAS, and the remedy; "" if nothing is.
std::string blas_fault(const std::string& blas);

}  // namespace labhost
