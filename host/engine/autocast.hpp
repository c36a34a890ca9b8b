// LibTorch's autocast to bfloat16 on a GPU, for a scope.
#pragma once

#include <ATen/autocast_mode.h>
#include <torch/version.h>

namespace labhost {

/// While it lives, what autocast deems safe is computed in bfloat16 on GPUs, if `on`.
class Autocast {
public:
    explicit Autocast(bool on) : on_(on) {
        if (!on_) return;
        enable(true);
        at::autocast::increment_nesting();
    }
    ~Autocast() {
        if (!on_) return;
        if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
        enable(false);
    }
    Autocast(const Autocast&) = delete;
    Autocast& operator=(const Autocast&) = delete;
    Autocast(Autocast&&) = delete;
    Autocast& operator=(Autocast&&) = delete;

private:
    static void enable(bool enabled) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
        at::autocast::set_autocast_enabled(at::kCUDA, enabled);
        at::autocast::set_autocast_dtype(at::kCUDA, at::kBFloat16);
#else
        at::autocast::set_enabled(enabled);
        at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
#endif
    }

    bool on_;
};

}  // namespace labhost
