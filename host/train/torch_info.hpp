// What LibTorch is here: its build, and the BLAS that it computes with.
#pragma once

#include <string>

namespace labhost {

struct TorchInfo {
    std::string version{};  ///< "1.13.0"
    std::string build{};    ///< "cpu", "cu130"
    std::string blas{};     ///< "OpenBLAS 0.3.21 ...", "MKL", or the file its functions come from
};

/// As the engine tells it; without loading LibTorch, where the user's cache folder remembers it from an earlier process
/// and neither the libraries' files nor what decides where they are found has changed since (LD_LIBRARY_PATH and
/// LD_PRELOAD are not set). So a sweep that is finished,
/// or only planned, does without the 0.6 s and 130 MB that LibTorch takes. Throws Error (unusable) if it cannot be
/// loaded.
const TorchInfo& torch_info();

/// TorchInfo's build, without remembering anything. Throws Error (unusable) likewise.
std::string engine_build();

/// What is wrong with that BLAS, and the remedy; "" if nothing is.
std::string blas_fault(const std::string& blas);

}  // namespace labhost
