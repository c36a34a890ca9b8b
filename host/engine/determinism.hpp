// The same bits each time on a GPU.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include <c10/util/Exception.h>
#include <torch/version.h>

namespace labhost {

#if TORCH_VERSION_MAJOR >= 2
namespace torch_warnings = c10::WarningUtils;
#else
namespace torch_warnings = c10::Warning;
#endif

/// One for each stream, so that sums have one order. cuBLAS reads it from $CUBLAS_WORKSPACE_CONFIG when it is first
/// used.
constexpr const char* workspace_of_cublas = ":4096:8";

/// Asks this process's LibTorch for the algorithms on a GPU that give the same bits each time: cuDNN's deterministic
/// ones, cuBLAS with a workspace of its own for each stream, and of LibTorch's operators those forms that have one. An
/// operator that has none is refused, or else warned of (NondeterminismNoted). To be called before the first work on
/// the GPU.
void ask_for_determinism(bool refuse);

/// Of LibTorch's words on an operator that has no deterministic form: its name, "put_"; "" of other words.
std::string_view nondeterministic_operator(std::string_view words);

/// While it lives, operators are taken as they are. For ours that write each place once, since the forms that LibTorch
/// takes in their stead sort first.
class EachPlaceOnce {
public:
    EachPlaceOnce();
    ~EachPlaceOnce();
    EachPlaceOnce(const EachPlaceOnce&) = delete;
    EachPlaceOnce& operator=(const EachPlaceOnce&) = delete;
    EachPlaceOnce(EachPlaceOnce&&) = delete;
    EachPlaceOnce& operator=(EachPlaceOnce&&) = delete;

private:
    bool asked_;
    bool warn_only_;
};

/// Notes the operators that LibTorch warns of as not deterministic; other warnings go where they went. As a thread's
/// handler it hears those of the backward pass too (torch/csrc/autograd/graph_task.h, warning_handler_).
class NondeterminismNoted final : public c10::WarningHandler {
public:
    /// `next`: gets the other warnings.
    explicit NondeterminismNoted(c10::WarningHandler* next) : next_(next) {}
#if TORCH_VERSION_MAJOR >= 2
    void process(const c10::Warning& warning) override;
#else
    void process(const c10::SourceLocation& place, const std::string& words, bool verbatim) override;
#endif

    const std::set<std::string>& operators() const { return operators_; }

private:
    bool note(std::string_view words);

    c10::WarningHandler* next_;
    std::set<std::string> operators_;
};

}  // namespace labhost
