#include "engine/run_context.hpp"

#include <mutex>
#include <optional>
#include <utility>

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>
#include <torch/version.h>

// From 2.4 on a generator's state is an object, which the generator can be given: one that graphs know survives that.
#define LABHOST_TORCH_SHARES_DRAWS (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4))

#if defined(LABHOST_WITH_CUDA)
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace labhost {

namespace {

/// The state of the CPU's default generator. Not by get_state and set_state: scopes come every few steps, and a tensor
/// of five kilobytes each time is what a step on a GPU costs.
class CpuDraws {
public:
    CpuDraws() { save(); }

    void save() {
        auto& generator = default_generator();
        const std::lock_guard lock(generator.mutex_);
        engine_ = generator.engine();
        next_float_ = generator.next_float_normal_sample();
        next_double_ = generator.next_double_normal_sample();
    }

    void put_back() const {
        auto& generator = default_generator();
        const std::lock_guard lock(generator.mutex_);
        generator.set_engine(engine_);
        generator.set_next_float_normal_sample(next_float_);
        generator.set_next_double_normal_sample(next_double_);
    }

private:
    static at::CPUGeneratorImpl& default_generator() {
        return *at::check_generator<at::CPUGeneratorImpl>(at::detail::getDefaultCPUGenerator());
    }

    at::mt19937 engine_{};
    decltype(std::declval<at::CPUGeneratorImpl>().next_float_normal_sample()) next_float_{};
    decltype(std::declval<at::CPUGeneratorImpl>().next_double_normal_sample()) next_double_{};
};

#if defined(LABHOST_WITH_CUDA)

class GpuShare {
public:
    GpuShare(torch::Device device, [[maybe_unused]] bool colocated)
        : stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {
#if LABHOST_TORCH_SHARES_DRAWS
        if (colocated) draws_ = at::globalContext().defaultGenerator(device).clone();
#else
        TORCH_CHECK(!colocated, "LibTorch before 2.4 cannot keep the draws of several runs on a GPU apart");
#endif
    }

    void enter() {
        guard_.emplace(stream_);
#if LABHOST_TORCH_SHARES_DRAWS
        if (!draws_.defined()) return;
        at::Generator generator = at::globalContext().defaultGenerator(draws_.device());
        const std::lock_guard lock(generator.mutex());
        generator.graphsafe_set_state(draws_);  // from now on the generator counts on in this state
#endif
    }
    void leave() { guard_.reset(); }

private:
    c10::cuda::CUDAStream stream_;
    at::Generator draws_{};
    std::optional<c10::cuda::CUDAStreamGuard> guard_{};
};

#else

class GpuShare {
public:
    GpuShare(torch::Device, bool) { TORCH_CHECK(false, "this LibTorch was built without CUDA"); }
    void enter() {}
    void leave() {}
};

#endif

}  // namespace

bool can_share_draws() {
#if defined(LABHOST_WITH_CUDA)
    return LABHOST_TORCH_SHARES_DRAWS;
#else
    return false;
#endif
}

struct RunContext::State {
    std::optional<CpuDraws> draws{};
    std::optional<GpuShare> gpu{};
    int scopes = 0;  ///< that live, one in the other
};

RunContext::RunContext(torch::Device device, bool colocated) : state_(std::make_shared<State>()) {
    if (colocated) state_->draws.emplace();
    if (!device.is_cpu()) state_->gpu.emplace(device, colocated);
}

RunContext::~RunContext() = default;

bool RunContext::colocated() const { return state_->draws.has_value(); }

RunContext::Scope::Scope(const RunContext& context) : state_(context.state_) {
    if (state_->scopes == 0) {
        if (state_->gpu) state_->gpu->enter();
        if (state_->draws) state_->draws->put_back();
    }
    ++state_->scopes;  // last: a scope that could not be entered is none
}

RunContext::Scope::~Scope() {
    if (--state_->scopes > 0) return;
    if (state_->draws) state_->draws->save();
    if (state_->gpu) state_->gpu->leave();
}

}  // namespace labhost
