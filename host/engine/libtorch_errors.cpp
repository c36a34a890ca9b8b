#include "engine/libtorch_errors.hpp"

#include <string_view>
#include <typeinfo>

#include <fmt/format.h>
#include <torch/version.h>

#include "engine/determinism.hpp"
#include "support/error.hpp"
#include "train/gpu_fault.hpp"

namespace labhost {

std::optional<GpuFault> gpu_fault_of(const c10::Error& error, const std::string& words) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 9)
    if (const auto* accelerator = dynamic_cast<const c10::AcceleratorError*>(&error))
        return gpu_fault_of_code(accelerator->get_error_code(), words);
#endif
    const bool on_cpu = words.find("CPUAllocator") != std::string::npos;
    if (!on_cpu && dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr)
        return GpuFault(GpuFault::Kind::out_of_memory, 0, words);
    return gpu_fault_in(words);
}

void rethrow_in_our_words(const std::string& doing) {
    try {
        throw;
    } catch (const c10::Error& e) {
        const std::string_view text = e.what_without_backtrace();
        if (const auto name = nondeterministic_operator(text); !name.empty())
            throw Error(
                ExitCode::run_failed,
                fmt::format(
                    "LibTorch has no form of '{}' that gives the same bits each time, and trainer.deterministic = true "
                    "refuses any other; without it the run is trained, and says so {}",
                    name, doing));
        const std::string words = fmt::format("LibTorch failed {}: {}", doing, text);
        if (const auto fault = gpu_fault_of(e, words)) throw *fault;
        throw Error(ExitCode::run_failed, words);
    } catch (const Error& e) {
        if (typeid(e) != typeid(Error)) throw;
        if (const auto fault = gpu_fault_in(e.what())) throw *fault;
        throw;
    }
}

}  // namespace labhost
