#include "engine/gpu_survey.hpp"

#include <c10/util/Exception.h>

#include "train/gpu_fault.hpp"

#if defined(LABHOST_WITH_CUDA)
#include <array>
#include <cstdlib>

#include <ATen/Context.h>
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include "train/gpu_words.hpp"

namespace labhost {

namespace {

/// A function of a library that LibTorch has brought, and that labhost is not linked with; nullptr if it has not.
template <class Function>
Function* function_of_torchs(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

/// Of the library that is loaded: pip installs cuDNN apart from torch, so it need not be the one torch was built with.
std::string cudnn_version() {
    const auto version = function_of_torchs<std::size_t()>("cudnnGetVersion");
    return cudnn_version_text(version != nullptr ? static_cast<long>(version())
                                                 : at::detail::getCUDAHooks().versionCuDNN());
}

std::string cublas_version() {
    const auto property = function_of_torchs<int(int, int*)>("cublasGetProperty");  // (libraryPropertyType, value)
    std::array<int, 3> version{};                                                   // major, minor, patch
    if (property == nullptr) return "";
    for (int part = 0; part < 3; ++part)
        if (property(part, &version[static_cast<std::size_t>(part)]) != 0) return "";
    return fmt::format("{}.{}.{}", version[0], version[1], version[2]);
}

Gpu gpu_at(int index) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) return {};
    return {.name = static_cast<const char*>(properties.name),
            .capability = fmt::format("{}.{}", properties.major, properties.minor),
            .memory = properties.totalGlobalMem};
}

}  // namespace

GpuSurvey survey_gpus_of_torch() {
    GpuSurvey survey{.driver = kernel_driver()};
    int version = 0;
    if (cudaRuntimeGetVersion(&version) == cudaSuccess) survey.runtime = cuda_version_text(version);
    if (cudaDriverGetVersion(&version) == cudaSuccess) survey.cuda_driver = cuda_version_text(version);
    survey.cudnn = at::detail::getCUDAHooks().hasCuDNN() ? cudnn_version() : "";
    survey.cublas = cublas_version();
    try {
        const int count = c10::cuda::device_count_ensure_non_zero();
        for (int index = 0; index < count; ++index) survey.gpus.push_back(gpu_at(index));
    } catch (const c10::Error& e) {
        survey.why_none = why_no_gpu(e.what_without_backtrace(), survey, std::getenv("CUDA_VISIBLE_DEVICES"));
    }
    return survey;
}

GpuMemory memory_of_gpu(int index) {
    std::size_t free = 0;
    std::size_t total = 0;
    cudaError_t error = cudaSetDevice(index);
    if (error == cudaSuccess) error = cudaMemGetInfo(&free, &total);
    if (error != cudaSuccess)
        throw gpu_fault_of_code(
            error, fmt::format("CUDA error: {}: on asking cuda:{} for its memory", cudaGetErrorString(error), index));
    return {.free = free, .total = total};
}

}  // namespace labhost

#else

namespace labhost {

GpuSurvey survey_gpus_of_torch() { return {}; }
GpuMemory memory_of_gpu(int) { TORCH_CHECK(false, "this LibTorch was built without CUDA"); }

}  // namespace labhost

#endif
