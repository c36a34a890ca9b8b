// The optimizers' steps as loops for the compiler to vectorise; included once for each instruction set, by a file that
// is compiled for it.
#pragma once

#include <cstdint>

#include "kernels/optimizers.hpp"

namespace labhost::kernels {

// Everything has internal linkage: the same template compiled for another instruction set is another function. For the
// same reason roots are the compiler's, not std::sqrt.
namespace {

/// Calls loop<option...>(): each choice of options is a loop of its own.
template <bool... chosen, class Loop>
void with_options(const Loop& loop) {
    loop.template operator()<chosen...>();
}

template <bool... chosen, class Loop, class... More>
void with_options(const Loop& loop, bool option, More... more) {
    if (option) {
        with_options<chosen..., true>(loop, more...);
    } else {
        with_options<chosen..., false>(loop, more...);
    }
}

// ---- torch's elementary operations, with its order of rounding where that decides what overflows

template <bool decays>
float decayed(float grad, float weight_decay, float param) {
    return decays ? grad + weight_decay * param : grad;
}

/// lerp(average, value, 1 - beta), which rounds to `value` itself where beta is 0.
float moved(float average, float value, Decay beta) {
    const bool near = beta.added < 0.5F;
    const float from = near ? average : value;
    const float factor = near ? beta.added : -beta.kept;
    return from + factor * (value - average);
}

/// average * beta + (1 - beta) * value^2
float moved_square(float average, float value, Decay beta) { return average * beta.kept + beta.added * value * value; }

/// NaN where one of them is.
float maximum(float a, float b) {
    const bool takes_a = static_cast<int>(a > b) | static_cast<int>(a != a);
    return takes_a ? a : b;
}

/// 0 of NaN.
float sign(float value) { return (value > 0.0F ? 1.0F : 0.0F) - (value < 0.0F ? 1.0F : 0.0F); }

float square_root(float value) { return __builtin_sqrtf(value); }

// ---- the rules. Coefficients are copies, so that no store may change them.

template <bool has_grad, bool decays, bool has_momentum, bool first, bool nesterov>
void sgd_loop(std::int64_t count, const SgdCoefficients c, const float* __restrict__ grad,
              float* __restrict__ momentum_buffer, float* __restrict__ param) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = decayed<decays>(has_grad ? grad[i] : 0.0F, c.weight_decay, param[i]);
        float direction = g;
        if constexpr (has_momentum) {
            float buffer = g;
            if constexpr (!first) {
                buffer = c.momentum * momentum_buffer[i];
                if constexpr (has_grad || decays) buffer += c.grad_factor * g;
            }
            momentum_buffer[i] = buffer;
            direction = nesterov ? g + c.momentum * buffer : buffer;
        }
        param[i] -= c.lr * direction;
    }
}

void sgd(std::int64_t count, const SgdCoefficients& c, const float* grad, const SgdState& state, float* param) {
    const bool has_momentum = state.momentum_buffer != nullptr;
    with_options(
        [&]<bool... options>() { sgd_loop<options...>(count, c, grad, state.momentum_buffer, param); }, grad != nullptr,
        c.weight_decay != 0.0F, has_momentum, has_momentum && state.first, has_momentum && c.nesterov);
}

template <bool decays, bool amsgrad>
void adam_loop(std::int64_t count, const AdamCoefficients c, const float* __restrict__ grad,
               float* __restrict__ exp_avg, float* __restrict__ exp_avg_sq, float* __restrict__ max_exp_avg_sq,
               float* __restrict__ param) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = decayed<decays>(grad[i], c.weight_decay, param[i]);
        exp_avg[i] = moved(exp_avg[i], g, c.beta1);
        exp_avg_sq[i] = moved_square(exp_avg_sq[i], g, c.beta2);
        float square = exp_avg_sq[i];
        if constexpr (amsgrad) max_exp_avg_sq[i] = square = maximum(max_exp_avg_sq[i], square);
        const float denom = square_root(square) * c.denom_factor + c.eps;
        param[i] = param[i] * c.param_factor - c.step_size * exp_avg[i] / denom;
    }
}

void adam(std::int64_t count, const AdamCoefficients& c, const float* grad, const AdamState& state, float* param) {
    with_options(
        [&]<bool... options>() {
            adam_loop<options...>(count, c, grad, state.exp_avg, state.exp_avg_sq, state.max_exp_avg_sq, param);
        },
        c.weight_decay != 0.0F, state.max_exp_avg_sq != nullptr);
}

template <bool decays>
void nadam_loop(std::int64_t count, const NadamCoefficients c, const float* __restrict__ grad,
                float* __restrict__ exp_avg, float* __restrict__ exp_avg_sq, float* __restrict__ param) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = decayed<decays>(grad[i], c.weight_decay, param[i]);
        exp_avg[i] = moved(exp_avg[i], g, c.beta1);
        exp_avg_sq[i] = moved_square(exp_avg_sq[i], g, c.beta2);
        const float denom = square_root(exp_avg_sq[i] * c.exp_avg_sq_factor) + c.eps;
        param[i] = param[i] * c.param_factor - (c.grad_step_size * g + c.exp_avg_step_size * exp_avg[i]) / denom;
    }
}

void nadam(std::int64_t count, const NadamCoefficients& c, const float* grad, const MomentsState& state, float* param) {
    with_options(
        [&]<bool... options>() { nadam_loop<options...>(count, c, grad, state.exp_avg, state.exp_avg_sq, param); },
        c.weight_decay != 0.0F);
}

template <bool decays, bool rectified>
void radam_loop(std::int64_t count, const RadamCoefficients c, const float* __restrict__ grad,
                float* __restrict__ exp_avg, float* __restrict__ exp_avg_sq, float* __restrict__ param) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = decayed<decays>(grad[i], c.weight_decay, param[i]);
        exp_avg[i] = moved(exp_avg[i], g, c.beta1);
        exp_avg_sq[i] = moved_square(exp_avg_sq[i], g, c.beta2);
        float step = c.step_size * exp_avg[i];
        if constexpr (rectified) step /= square_root(exp_avg_sq[i]) + c.eps;
        param[i] = param[i] * c.param_factor - step;
    }
}

void radam(std::int64_t count, const RadamCoefficients& c, const float* grad, const MomentsState& state, float* param) {
    with_options(
        [&]<bool... options>() { radam_loop<options...>(count, c, grad, state.exp_avg, state.exp_avg_sq, param); },
        c.weight_decay != 0.0F, c.rectified);
}

template <bool decays>
void adamax_loop(std::int64_t count, const AdamaxCoefficients c, const float* __restrict__ grad,
                 float* __restrict__ exp_avg, float* __restrict__ exp_inf, float* __restrict__ param) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = decayed<decays>(grad[i], c.weight_decay, param[i]);
        exp_avg[i] = moved(exp_avg[i], g, c.beta1);
        exp_inf[i] = maximum(exp_inf[i] * c.beta2, __builtin_fabsf(g) + c.eps);
        param[i] -= c.step_size * exp_avg[i] / exp_inf[i];
    }
}

void adamax(std::int64_t count, const AdamaxCoefficients& c, const float* grad, const AdamaxState& state,
            float* param) {
    with_options(
        [&]<bool... options>() { adamax_loop<options...>(count, c, grad, state.exp_avg, state.exp_inf, param); },
        c.weight_decay != 0.0F);
}

template <bool decays>
void adagrad_loop(std::int64_t count, const AdagradCoefficients c, const float* __restrict__ grad,
                  float* __restrict__ sum, float* __restrict__ param) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = decayed<decays>(grad[i], c.weight_decay, param[i]);
        sum[i] += g * g;
        param[i] -= c.step_size * g / (square_root(sum[i]) + c.eps);
    }
}

void adagrad(std::int64_t count, const AdagradCoefficients& c, const float* grad, const AdagradState& state,
             float* param) {
    with_options(
        [&]<bool... options>() { adagrad_loop<options...>(count, c, grad, state.sum, param); }, c.weight_decay != 0.0F);
}

template <bool decays>
void adadelta_loop(std::int64_t count, const AdadeltaCoefficients c, const float* __restrict__ grad,
                   float* __restrict__ square_avg, float* __restrict__ acc_delta, float* __restrict__ param) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = decayed<decays>(grad[i], c.weight_decay, param[i]);
        square_avg[i] = moved_square(square_avg[i], g, c.rho);
        const float delta = square_root(acc_delta[i] + c.eps) / square_root(square_avg[i] + c.eps) * g;
        acc_delta[i] = moved_square(acc_delta[i], delta, c.rho);
        param[i] -= c.lr * delta;
    }
}

void adadelta(std::int64_t count, const AdadeltaCoefficients& c, const float* grad, const AdadeltaState& state,
              float* param) {
    with_options(
        [&]<bool... options>() { adadelta_loop<options...>(count, c, grad, state.square_avg, state.acc_delta, param); },
        c.weight_decay != 0.0F);
}

template <bool decays, bool centered, bool has_momentum>
void rmsprop_loop(std::int64_t count, const RmspropCoefficients c, const float* __restrict__ grad,
                  float* __restrict__ square_avg, float* __restrict__ grad_avg, float* __restrict__ momentum_buffer,
                  float* __restrict__ param) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = decayed<decays>(grad[i], c.weight_decay, param[i]);
        square_avg[i] = moved_square(square_avg[i], g, c.alpha);
        float square = square_avg[i];
        if constexpr (centered) {
            grad_avg[i] = moved(grad_avg[i], g, c.alpha);
            square -= grad_avg[i] * grad_avg[i];
        }
        const float denom = square_root(square) + c.eps;
        if constexpr (has_momentum) {
            momentum_buffer[i] = momentum_buffer[i] * c.momentum + g / denom;
            param[i] -= c.lr * momentum_buffer[i];
        } else {
            param[i] -= c.lr * g / denom;
        }
    }
}

void rmsprop(std::int64_t count, const RmspropCoefficients& c, const float* grad, const RmspropState& state,
             float* param) {
    with_options(
        [&]<bool... options>() {
            rmsprop_loop<options...>(count, c, grad, state.square_avg, state.grad_avg, state.momentum_buffer, param);
        },
        c.weight_decay != 0.0F, state.grad_avg != nullptr, state.momentum_buffer != nullptr);
}

template <bool decays, bool averages>
void asgd_loop(std::int64_t count, const AsgdCoefficients c, const float* __restrict__ grad, float* __restrict__ ax,
               float* __restrict__ param) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = decayed<decays>(grad[i], c.weight_decay, param[i]);
        param[i] = param[i] * c.param_factor - c.eta * g;
        if constexpr (averages) {
            ax[i] += (param[i] - ax[i]) * c.mu;
        } else {
            ax[i] = param[i];
        }
    }
}

void asgd(std::int64_t count, const AsgdCoefficients& c, const float* grad, const AsgdState& state, float* param) {
    with_options(
        [&]<bool... options>() { asgd_loop<options...>(count, c, grad, state.ax, param); }, c.weight_decay != 0.0F,
        c.mu != 1.0F);
}

void rprop_loop(std::int64_t count, const RpropCoefficients c, const float* __restrict__ grad, float* __restrict__ prev,
                float* __restrict__ step_size, float* __restrict__ param) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float agreement = grad[i] * prev[i];  // of NaN: none, and the step size stays
        const float factor = agreement > 0.0F ? c.etaplus : agreement < 0.0F ? c.etaminus : 1.0F;
        const float g = agreement < 0.0F ? 0.0F : grad[i];
        float size = step_size[i] * factor;
        size = size < c.step_size_min ? c.step_size_min : size;
        size = size > c.step_size_max ? c.step_size_max : size;
        step_size[i] = size;
        param[i] -= sign(g) * size;
        prev[i] = g;
    }
}

void rprop(std::int64_t count, const RpropCoefficients& c, const float* grad, const RpropState& state, float* param) {
    rprop_loop(count, c, grad, state.prev, state.step_size, param);
}

constexpr OptimizerKernels loops(const char* name) {
    return {name, sgd, adam, nadam, radam, adamax, adagrad, adadelta, rmsprop, asgd, rprop};
}

}  // namespace

}  // namespace labhost::kernels
