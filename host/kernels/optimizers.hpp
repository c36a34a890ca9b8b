// A step of each of torch.optim's optimizers, in one pass over a parameter on the CPU, vectorised.
//
// The rules are those of torch/optim/*.py (_single_tensor_*, as in PyTorch 2.14) but for rounding; NaN, infinities and
// denormal numbers go the same way. What depends on the count of steps t (from 1) is the caller's to compute, in
// double, and is handed over rounded. Defaults mean: off, which costs no memory traffic.
#pragma once

#include <cstdint>

namespace labhost::kernels {

/// A decay rate of a moving average, as a step needs it: 1 - beta is rounded from double, too.
struct Decay {
    explicit Decay(double beta) : kept(static_cast<float>(beta)), added(static_cast<float>(1.0 - beta)) {}
    float kept;   ///< beta
    float added;  ///< 1 - beta
};

// ---- what a step multiplies with, the same for all parameters of a group that have made as many steps. weight_decay
// is what is added to the gradient, times the parameter; where it is decoupled, it is in param_factor instead.

struct SgdCoefficients {
    float lr;
    float momentum = 0.0F;     ///< read where there is a momentum_buffer
    float grad_factor = 1.0F;  ///< 1 - dampening
    float weight_decay = 0.0F;
    bool nesterov = false;  ///< read where there is a momentum_buffer
};

/// Of Adam and of AdamW, which differ in how weights decay.
struct AdamCoefficients {
    float step_size;  ///< lr / (1 - beta1^t)
    Decay beta1;
    Decay beta2;
    float denom_factor;  ///< 1 / sqrt(1 - beta2^t)
    float eps;
    float weight_decay = 0.0F;
    float param_factor = 1.0F;  ///< 1 - lr * weight_decay
};

/// With mu(t) = beta1 * (1 - 0.5 * 0.96^(t * momentum_decay)), and mu_product the product of mu(1) to mu(t).
struct NadamCoefficients {
    float grad_step_size;     ///< lr * (1 - mu(t)) / (1 - mu_product)
    float exp_avg_step_size;  ///< lr * mu(t + 1) / (1 - mu_product * mu(t + 1))
    Decay beta1;
    Decay beta2;
    float exp_avg_sq_factor;  ///< 1 / (1 - beta2^t)
    float eps;
    float weight_decay = 0.0F;
    float param_factor = 1.0F;  ///< 1 - lr * weight_decay
};

/// With rho_inf = 2 / (1 - beta2) - 1 and rho = rho_inf - 2 * t * beta2^t / (1 - beta2^t).
struct RadamCoefficients {
    bool rectified;   ///< rho > 5; else the step is not divided by the root of exp_avg_sq
    float step_size;  ///< lr / (1 - beta1^t); rectified: times sqrt(1 - beta2^t) * sqrt((rho - 4) * (rho - 2) *
                      ///< rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
    Decay beta1;
    Decay beta2;
    float eps;
    float weight_decay = 0.0F;
    float param_factor = 1.0F;  ///< 1 - lr * weight_decay
};

struct AdamaxCoefficients {
    float step_size;  ///< lr / (1 - beta1^t)
    Decay beta1;
    float beta2;
    float eps;
    float weight_decay = 0.0F;
};

struct AdagradCoefficients {
    float step_size;  ///< lr / (1 + (t - 1) * lr_decay)
    float eps;
    float weight_decay = 0.0F;
};

struct AdadeltaCoefficients {
    float lr;
    Decay rho;
    float eps;
    float weight_decay = 0.0F;
};

struct RmspropCoefficients {
    float lr;
    Decay alpha;
    float eps;
    float momentum = 0.0F;  ///< read where there is a momentum_buffer
    float weight_decay = 0.0F;
};

/// Of the step before, or lr and 1 where there is none, are eta = lr / (1 + lambd * lr * t)^alpha and
/// mu = 1 / max(1, t - t0), each a float32 in torch's state.
struct AsgdCoefficients {
    float eta;
    float param_factor;  ///< 1 - lambd * eta
    float mu;            ///< 1: `ax` becomes the parameter, and is not read
    float weight_decay = 0.0F;
};

struct RpropCoefficients {
    float etaminus;
    float etaplus;
    float step_size_min;
    float step_size_max;
};

// ---- a parameter's state under torch's names: each as many floats as the parameter has, read and written. They start
// as zero unless something else is said.

struct SgdState {
    float* momentum_buffer = nullptr;  ///< null: without momentum
    bool first = false;                ///< the first step: the gradient becomes the momentum_buffer, which is not read
};

struct AdamState {
    float* exp_avg;
    float* exp_avg_sq;
    float* max_exp_avg_sq = nullptr;  ///< null: without amsgrad
};

/// Of NAdam and RAdam.
struct MomentsState {
    float* exp_avg;
    float* exp_avg_sq;
};

struct AdamaxState {
    float* exp_avg;
    float* exp_inf;
};

struct AdagradState {
    float* sum;  ///< starts as initial_accumulator_value
};

struct AdadeltaState {
    float* square_avg;
    float* acc_delta;
};

struct RmspropState {
    float* square_avg;
    float* grad_avg = nullptr;         ///< null: not centered. Centered, a parameter becomes NaN where rounding takes
                                       ///< square_avg below the square of grad_avg: in torch, too, by its own rounding
    float* momentum_buffer = nullptr;  ///< null: without momentum
};

struct AsgdState {
    float* ax;
};

struct RpropState {
    float* prev;
    float* step_size;  ///< starts as lr
};

/// The steps for one instruction set. Each takes `count` elements of float32, contiguous, whose arrays do not overlap;
/// they need no alignment. Arithmetic is not contracted on x86, so that there every instruction set gives the same
/// bits.
struct OptimizerKernels {
    const char* name;  ///< of the instruction set, as instruction_set() names it

    /// `grad` may be null: zero.
    void (*sgd)(std::int64_t count, const SgdCoefficients&, const float* grad, const SgdState&, float* param);
    void (*adam)(std::int64_t count, const AdamCoefficients&, const float* grad, const AdamState&, float* param);
    void (*nadam)(std::int64_t count, const NadamCoefficients&, const float* grad, const MomentsState&, float* param);
    void (*radam)(std::int64_t count, const RadamCoefficients&, const float* grad, const MomentsState&, float* param);
    void (*adamax)(std::int64_t count, const AdamaxCoefficients&, const float* grad, const AdamaxState&, float* param);
    void (*adagrad)(std::int64_t count, const AdagradCoefficients&, const float* grad, const AdagradState&,
                    float* param);
    void (*adadelta)(std::int64_t count, const AdadeltaCoefficients&, const float* grad, const AdadeltaState&,
                     float* param);
    void (*rmsprop)(std::int64_t count, const RmspropCoefficients&, const float* grad, const RmspropState&,
                    float* param);
    void (*asgd)(std::int64_t count, const AsgdCoefficients&, const float* grad, const AsgdState&, float* param);
    void (*rprop)(std::int64_t count, const RpropCoefficients&, const float* grad, const RpropState&, float* param);
};

/// The steps for this processor's instruction_set().
const OptimizerKernels& optimizer_kernels();

extern const OptimizerKernels optimizers_baseline;  ///< what the compiler takes for granted: every processor runs it
extern const OptimizerKernels optimizers_avx2;
extern const OptimizerKernels optimizers_avx512;

}  // namespace labhost::kernels
