#include "train/gpu_fault.hpp"

#include <algorithm>
#include <array>

namespace labhost {

namespace {

constexpr int out_of_memory_code = 2;

/// cudaGetErrorString's words. LibTorch before 2.9 says no more.
struct Known {
    std::string_view words;
    int code;
};
constexpr std::array known_errors{
    Known{"initialization error", 3},
    Known{"CUDA driver version is insufficient", 35},
    Known{"busy or unavailable", 46},
    Known{"no CUDA-capable device is detected", 100},
    Known{"invalid device ordinal", 101},
    Known{"invalid device context", 201},
    Known{"uncorrectable ECC error", 214},
    Known{"uncorrectable NVLink error", 220},
    Known{"an illegal memory access was encountered", 700},
    Known{"the launch timed out and was terminated", 702},
    Known{"device-side assert triggered", 710},
    Known{"hardware stack error", 714},
    Known{"an illegal instruction was encountered", 715},
    Known{"misaligned address", 716},
    Known{"unspecified launch failure", 719},
    Known{"system not yet initialized", 802},
    Known{"system has unsupported display driver / cuda driver combination", 803},
    Known{"forward compatibility was attempted on non supported HW", 804},
    Known{"unknown error", 999},
};

/// What NVIDIA's driver and LibTorch write where memory lacks. cuBLAS and cuDNN need some for a handle or a plan.
constexpr std::array<std::string_view, 7> words_of_memory{"CUDA out of memory",
                                                          "CUDA error: out of memory",
                                                          "CUBLAS_STATUS_ALLOC_FAILED",
                                                          "CUDNN_STATUS_ALLOC_FAILED",
                                                          "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
                                                          "unable to find an engine",
                                                          "nable to find a valid cuDNN algorithm"};
constexpr std::array<std::string_view, 4> words_of_devices{"CUDA error", "CUDNN_STATUS_", "CUBLAS_STATUS_",
                                                           "cuDNN error"};

/// At any time: memory, a link or the whole GPU has failed.
constexpr std::array broken{214, 220, 226};
/// What a device that a run has not used yet answers if it, its driver, or who else has it, is in the way. Not 209 and
/// its like: a plugin's own kernels may lack a GPU's.
constexpr std::array out_of_order{3,   34,  35,  36,  46,  100, 101, 102, 103, 127, 201, 216,
                                  304, 802, 803, 804, 805, 806, 807, 808, 809, 810, 999};

bool has(std::string_view words, std::string_view part) { return words.find(part) != std::string_view::npos; }

template <std::size_t count>
bool has_any(std::string_view words, const std::array<std::string_view, count>& parts) {
    return std::ranges::any_of(parts, [&](std::string_view part) { return has(words, part); });
}

int code_in(std::string_view words) {
    const auto found = std::ranges::find_if(known_errors, [&](const Known& known) { return has(words, known.words); });
    return found != known_errors.end() ? found->code : 0;
}

}  // namespace

bool is_out_of_gpu_memory(std::string_view words) { return has_any(words, words_of_memory); }

GpuFault gpu_fault_of_code(int code, const std::string& words) {
    const bool memory = code == out_of_memory_code || is_out_of_gpu_memory(words);
    return {memory ? GpuFault::Kind::out_of_memory : GpuFault::Kind::device, code, words};
}

std::optional<GpuFault> gpu_fault_in(std::string_view words) {
    if (is_out_of_gpu_memory(words)) return GpuFault(GpuFault::Kind::out_of_memory, 0, std::string(words));
    if (has_any(words, words_of_devices)) return GpuFault(GpuFault::Kind::device, code_in(words), std::string(words));
    return std::nullopt;
}

bool is_taken(const GpuFault& fault) {
    constexpr int devices_unavailable = 46;
    constexpr int device_already_in_use = 216;
    return fault.code() == devices_unavailable || fault.code() == device_already_in_use;
}

Blame blame_for(GpuFault::Kind kind, int code, std::string_view words, bool has_computed) {
    if (kind == GpuFault::Kind::out_of_memory) return Blame::memory;
    const auto is_among = [code](const auto& codes) { return std::ranges::find(codes, code) != codes.end(); };
    if (is_among(broken) || has(words, "GPU is lost") || has(words, "fallen off the bus")) return Blame::gpu;
    return !has_computed && is_among(out_of_order) ? Blame::gpu : Blame::run;
}

}  // namespace labhost
