// LibTorch: whether it loads, which one it is, whose it is, and what it computes with.
#pragma once

#include <filesystem>
#include <string>

#include "doctor/finding.hpp"

namespace labhost {

/// LibTorch and BLAS. Loads it in a child process.
Findings look_at_torch();

/// The interpreter that a LibTorch in this folder belongs to: that of its venv, Debian's for Debian's; empty if it lies
/// in none's packages.
std::filesystem::path interpreter_of(const std::filesystem::path& library_folder);

/// A BLAS as OpenBLAS's configuration text, "MKL", or a library's path say it.
struct BlasName {
    std::string name{};     ///< "OpenBLAS 0.3.21", "MKL", or the path
    std::string kernels{};  ///< the processor that OpenBLAS takes this one for: "Haswell"; else ""
    bool openmp = false;
};
BlasName parse_blas(const std::string& blas);

/// Line for a BLAS on a processor with these vectors (see instruction_set).
Finding judge_blas(const std::string& blas, std::string_view vectors);

}  // namespace labhost
