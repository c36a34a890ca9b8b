// LibTorch's autocast to bfloat16, for a scope.
#pragma once

#include <ATen/autocast_mode.h>
#include <torch/version.h>

namespace labhost {

/// While it lives, what autocast deems safe is computed in bfloat16 on that device, if `on`.
class Autocast {
public:
    Autocast(bool on, at::DeviceType device) : on_(on), device_(device) {
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
    void enable(bool enabled) const {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
        at::autocast::set_autocast_enabled(device_, enabled);
        at::autocast::set_autocast_dtype(device_, at::kBFloat16);
#else
        if (device_ == at::kCUDA) {
            at::autocast::set_enabled(enabled);
            at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
        } else {
            at::autocast::set_cpu_enabled(enabled);
            at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
        }
#endif
    }

    bool on_;
    at::DeviceType device_;
};

}  // namespace labhost
