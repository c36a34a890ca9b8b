#include "train/device.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <labhost/abi.h>
#include <torch/torch.h>
#include <torch/version.h>

#include "support/error.hpp"

namespace labhost {

std::string Device::text() const { return cuda ? fmt::format("cuda:{}", index) : "cpu"; }

Device resolve_device(const std::string& name) {
    if (name == "cpu") return {};
    const bool available = torch::cuda::is_available();
    if (name == "auto") return {.cuda = available, .index = 0};
    if (!available)
        throw Error(ExitCode::unusable,
                    fmt::format("device '{}' was asked for, but LibTorch {}+{} sees no GPU here; use --device cpu, or "
                                "build labhost with a CUDA LibTorch (CMAKE_PREFIX_PATH) on a machine with a GPU",
                                name, TORCH_VERSION, LABHOST_TEXT(LABHOST_TORCH_BUILD)));
    const int index = name.starts_with("cuda:") ? std::stoi(name.substr(5)) : 0;
    const auto count = static_cast<int>(torch::cuda::device_count());
    if (index >= count)
        throw Error(ExitCode::unusable,
                    fmt::format("device '{}' was asked for, but this machine has {} GPU{}: cuda:0{}", name, count,
                                count == 1 ? "" : "s", count == 1 ? "" : fmt::format(" to cuda:{}", count - 1)));
    return {.cuda = true, .index = index};
}

TorchInfo torch_info() {
    TorchInfo info{TORCH_VERSION, LABHOST_TEXT(LABHOST_TORCH_BUILD), ""};
    // Debian lets one libblas.so.3 stand for another; only OpenBLAS has this function. Other LibTorches have MKL
    // inside.
    using Config = const char* (*)();
    if (auto config = reinterpret_cast<Config>(dlsym(RTLD_DEFAULT, "openblas_get_config")); config != nullptr) {
        info.blas = config();
    } else if (at::hasMKL()) {
        info.blas = "MKL";
    } else if (Dl_info where{}; dladdr(dlsym(RTLD_DEFAULT, "sgemm_"), &where) != 0) {
        info.blas = where.dli_fname;
    }
    return info;
}

std::string blas_fault(const std::string& blas) {
    if (blas.find("/blas/libblas.so") != std::string::npos)
        return "LibTorch runs on the reference BLAS, many times slower than OpenBLAS; install libopenblas0-openmp";
    if (blas.starts_with("OpenBLAS") && blas.find("USE_OPENMP") == std::string::npos)
        return "this OpenBLAS is not the OpenMP variant and ignores trainer.threads, so numbers may differ from "
               "PyTorch's with "
               "that many threads; install libopenblas0-openmp and remove libopenblas0-pthread";
    return "";
}

}  // namespace labhost
