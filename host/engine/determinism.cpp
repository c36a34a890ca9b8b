#include "engine/determinism.hpp"

#include <cstdlib>

#include <ATen/Context.h>

namespace labhost {

void ask_for_determinism(bool refuse) {
    ::setenv("CUBLAS_WORKSPACE_CONFIG", workspace_of_cublas, 1);
    at::Context& context = at::globalContext();
    context.setDeterministicAlgorithms(true, /*warn_only=*/!refuse);
    context.setDeterministicCuDNN(true);
    context.setBenchmarkCuDNN(false);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 2)
    // Else every new tensor is filled with NaN first, which only helps to find who reads what was never written.
    context.setDeterministicFillUninitializedMemory(false);
#endif
}

std::string_view nondeterministic_operator(std::string_view words) {
    const auto end = words.find(" does not have a deterministic implementation");
    if (end == std::string_view::npos) return {};
    const auto before = words.substr(0, end).find_last_of(" \n");
    return words.substr(0, end).substr(before == std::string_view::npos ? 0 : before + 1);
}

EachPlaceOnce::EachPlaceOnce()
    : asked_(at::globalContext().deterministicAlgorithms()),
      warn_only_(at::globalContext().deterministicAlgorithmsWarnOnly()) {
    if (asked_) at::globalContext().setDeterministicAlgorithms(false, warn_only_);
}

EachPlaceOnce::~EachPlaceOnce() {
    if (asked_) at::globalContext().setDeterministicAlgorithms(true, warn_only_);
}

bool NondeterminismNoted::note(std::string_view words) {
    const auto name = nondeterministic_operator(words);
    if (!name.empty()) operators_.emplace(name);
    return !name.empty();
}

#if TORCH_VERSION_MAJOR >= 2
void NondeterminismNoted::process(const c10::Warning& warning) {
    if (!note(warning.msg())) next_->process(warning);
}
#else
void NondeterminismNoted::process(const c10::SourceLocation& place, const std::string& words, bool verbatim) {
    if (!note(words)) next_->process(place, words, verbatim);
}
#endif

}  // namespace labhost
