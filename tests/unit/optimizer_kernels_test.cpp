// A step of each optimizer, with every instruction set that this processor has, beside its published rule in double.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/optimizers.hpp"
#include "support/machine.hpp"

namespace labhost::kernels::optimizer_kernels_test {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr int most_states = 3;

std::vector<const OptimizerKernels*> instruction_sets() {
    std::vector<const OptimizerKernels*> sets{&optimizers_baseline};
    if (instruction_set() != "none") sets.push_back(&optimizers_avx2);
    if (instruction_set() == "avx512") sets.push_back(&optimizers_avx512);
    return sets;
}

/// Floats at a place of no alignment, between others that nobody may write to.
class Floats {
public:
    Floats(std::size_t count, std::size_t misalignment, float value)
        : first_(16 + misalignment), memory_(first_ + count + 16, guard) {
        for (std::size_t i = 0; i < count; ++i) data()[i] = value;
    }
    float* data() { return memory_.data() + first_; }
    float& operator[](std::size_t i) { return data()[i]; }
    std::size_t size() const { return memory_.size() - first_ - 16; }
    bool only_they_were_written() const {
        for (std::size_t i = 0; i < memory_.size(); ++i)
            if ((i < first_ || i >= first_ + size()) && memory_[i] != guard) return false;
        return true;
    }
    bool operator==(const Floats& other) const {  // bits
        return memory_.size() == other.memory_.size() &&
               std::memcmp(memory_.data(), other.memory_.data(), memory_.size() * sizeof(float)) == 0;
    }

private:
    static constexpr float guard = 1234.5F;
    std::size_t first_;
    std::vector<float> memory_;
};

/// An optimizer with its options: as kernels compute it, and as it is published.
struct Optimizer {
    std::string name;
    std::array<float, most_states> start{};  ///< of the state, in the order in which `step` and `rule` take it
    /// Step t, from 1.
    std::function<void(const OptimizerKernels&, int t, std::int64_t count, const float* grad,
                       const std::array<float*, most_states>& state, float* param)>
        step;
    /// The same of one element.
    std::function<void(int t, double grad, std::array<double, most_states>& state, double& param)> rule;
};

/// A few roundings of float32, of values about 1; NaN and infinities are the same.
bool near(float found, double expected) {
    if (std::isnan(expected) || std::isinf(expected))
        return std::isnan(expected) ? std::isnan(found) : static_cast<double>(found) == expected;
    return std::abs(found - expected) <= 2e-6 * (1.0 + std::abs(expected));
}

struct Values {
    Floats param;
    std::vector<Floats> states;
    bool operator==(const Values&) const = default;
};

Values expect_the_rule(const Optimizer& optimizer, const OptimizerKernels& kernels, std::size_t count,
                       std::size_t misalignment, bool special) {
    SCOPED_TRACE(optimizer.name + " of " + std::to_string(count) + " elements, instruction set " + kernels.name);
    std::mt19937 generator(7);
    const auto draw = [&] { return static_cast<float>(generator()) * 0x1p-31F - 1.0F; };
    Floats grad(count, misalignment, 0.0F);
    Values values{Floats(count, misalignment, 0.0F), {}};
    for (const float start : optimizer.start) values.states.emplace_back(count, misalignment, start);
    std::vector<double> param(count);
    const std::array<double, most_states> start{optimizer.start[0], optimizer.start[1], optimizer.start[2]};
    std::vector<std::array<double, most_states>> states(count, start);
    for (std::size_t i = 0; i < count; ++i) param[i] = values.param[i] = draw();

    for (int t = 1; t <= 8; ++t) {
        for (std::size_t i = 0; i < count; ++i) grad[i] = draw();
        if (special && t == 2) grad[0] = nan, grad[1] = infinity, grad[2] = -infinity, grad[3] = 0.0F, grad[4] = -0.0F;
        optimizer.step(kernels, t, static_cast<std::int64_t>(count), grad.data(),
                       {values.states[0].data(), values.states[1].data(), values.states[2].data()},
                       values.param.data());
        for (std::size_t i = 0; i < count; ++i) {
            optimizer.rule(t, grad[i], states[i], param[i]);
            if (!near(values.param[i], param[i])) {
                ADD_FAILURE() << "step " << t << ", element " << i << ": " << values.param[i] << ", not " << param[i];
                return values;
            }
            for (std::size_t s = 0; s < most_states; ++s)
                EXPECT_TRUE(near(values.states[s][i], states[i][s]))
                    << "step " << t << ", element " << i << ", state " << s << ": " << values.states[s][i] << ", not "
                    << states[i][s];
        }
    }
    EXPECT_TRUE(grad.only_they_were_written() && values.param.only_they_were_written());
    for (const Floats& state : values.states) EXPECT_TRUE(state.only_they_were_written());
    return values;
}

void expect_the_rule(const Optimizer& optimizer) {
    for (const std::size_t count : {1, 7, 64, 1000}) {
        for (const std::size_t misalignment : {0, 1}) {
            const bool special = count >= 7 && misalignment == 1;
            std::vector<Values> found;
            for (const auto* set : instruction_sets())
                found.push_back(expect_the_rule(optimizer, *set, count, misalignment, special));
            for (const Values& values : found)  // signs of NaNs may differ
                EXPECT_TRUE(special || values == found[0]) << optimizer.name << ": other bits";
        }
    }
}

float narrow(double value) { return static_cast<float>(value); }

/// torch.lerp, whose form decides what becomes of an infinity.
double lerp(double from, double to, double weight) {
    return weight < 0.5 ? from + weight * (to - from) : to - (to - from) * (1.0 - weight);
}

/// torch.maximum
double maximum(double a, double b) { return std::isnan(a) || std::isnan(b) ? nan : std::max(a, b); }

constexpr double lr = 0.1;
const std::array both{false, true};
const std::array decays{0.0, 0.1};

// ---- SGD

struct SgdOptions {
    double momentum = 0.0, dampening = 0.0, weight_decay = 0.0;
    bool nesterov = false;
};

Optimizer sgd(const SgdOptions& o) {
    return {.name = "sgd, momentum " + std::to_string(o.momentum) + ", dampening " + std::to_string(o.dampening) +
                    ", weight_decay " + std::to_string(o.weight_decay) + (o.nesterov ? ", nesterov" : ""),
            .start = {o.momentum == 0.0 ? 0.0F : nan},  // not read before it is written
            .step =
                [=](const auto& kernels, int t, auto count, const float* grad, const auto& state, float* param) {
                    kernels.sgd(count,
                                {.lr = narrow(lr),
                                 .momentum = narrow(o.momentum),
                                 .grad_factor = narrow(1.0 - o.dampening),
                                 .weight_decay = narrow(o.weight_decay),
                                 .nesterov = o.nesterov},
                                grad, {.momentum_buffer = o.momentum == 0.0 ? nullptr : state[0], .first = t == 1},
                                param);
                },
            .rule =
                [=](int t, double grad, auto& state, double& param) {
                    if (o.weight_decay != 0.0) grad += o.weight_decay * param;
                    if (o.momentum != 0.0) {
                        state[0] = t == 1 ? grad : o.momentum * state[0] + (1.0 - o.dampening) * grad;
                        grad = o.nesterov ? grad + o.momentum * state[0] : state[0];
                    }
                    param -= lr * grad;
                }};
}

TEST(OptimizerKernels, SgdFollowsItsRule) {
    for (const double weight_decay : decays) {
        expect_the_rule(sgd({.weight_decay = weight_decay}));
        expect_the_rule(sgd({.momentum = 0.9, .weight_decay = weight_decay}));
        expect_the_rule(sgd({.momentum = 0.9, .dampening = 0.3, .weight_decay = weight_decay}));
        expect_the_rule(sgd({.momentum = 0.9, .weight_decay = weight_decay, .nesterov = true}));
    }
}

/// What runs of before have computed with, under their fingerprints: one rounding an operation.
TEST(OptimizerKernels, SgdWithMomentumHasTheBitsOfThePlainLoopWithEveryInstructionSet) {
    constexpr std::size_t count = 1003;
    constexpr float rate = 0.01F;
    constexpr float momentum = 0.7F;
    const auto fill = [](unsigned seed) {
        std::mt19937 generator(seed);
        std::vector<float> values(count);
        for (float& value : values) value = static_cast<float>(generator()) * 0x1p-31F - 1.0F;
        return values;
    };
    const auto bits = [](const std::vector<float>& values) {
        std::vector<std::uint32_t> all(values.size());
        std::memcpy(all.data(), values.data(), values.size() * sizeof(float));
        return all;
    };
    const std::vector<float> grad = fill(1);
    for (const bool used : both) {
        std::vector<float> buffer = fill(2);
        std::vector<float> param = fill(3);
        buffer[0] = param[0] = -0.0F;
        for (std::size_t i = 0; i < count; ++i) {
            buffer[i] = used ? momentum * buffer[i] + grad[i] : momentum * buffer[i];
            param[i] -= rate * buffer[i];
        }
        for (const auto* set : instruction_sets()) {
            std::vector<float> found_buffer = fill(2);
            std::vector<float> found = fill(3);
            found_buffer[0] = found[0] = -0.0F;
            set->sgd(count, {.lr = rate, .momentum = momentum}, used ? grad.data() : nullptr,
                     {.momentum_buffer = found_buffer.data()}, found.data());
            EXPECT_EQ(bits(found), bits(param)) << set->name;
            EXPECT_EQ(bits(found_buffer), bits(buffer)) << set->name;
        }
    }
}

TEST(OptimizerKernels, SgdTakesNoGradientForZero) {
    for (const auto* set : instruction_sets()) {
        for (const bool nesterov : both) {
            const SgdCoefficients c{.lr = 0.1F, .momentum = 0.9F, .weight_decay = 0.1F, .nesterov = nesterov};
            const std::vector<float> zero(37);
            std::vector<float> param(37, 2.0F);
            std::vector<float> buffer(37, 3.0F);
            auto expected = param;
            auto expected_buffer = buffer;
            set->sgd(37, c, nullptr, {.momentum_buffer = buffer.data()}, param.data());
            set->sgd(37, c, zero.data(), {.momentum_buffer = expected_buffer.data()}, expected.data());
            EXPECT_EQ(param, expected);
            EXPECT_EQ(buffer, expected_buffer);
            EXPECT_NE(param[36], 2.0F);
        }
    }
}

// ---- Adam and its kin, with an eps and betas that a few steps tell apart

constexpr double eps = 0.01;
constexpr double beta2 = 0.95;

struct Decayed {
    double weight_decay = 0.0;
    bool decoupled = false;
    float coupled() const { return decoupled ? 0.0F : narrow(weight_decay); }
    float param_factor() const { return decoupled ? narrow(1.0 - lr * weight_decay) : 1.0F; }
    void operator()(double& grad, double& param) const {
        if (decoupled) {
            param *= 1.0 - lr * weight_decay;
        } else if (weight_decay != 0.0) {
            grad += weight_decay * param;
        }
    }
    std::string name() const {
        return ", weight_decay " + std::to_string(weight_decay) + (decoupled ? ", decoupled" : "");
    }
};

const std::array<Decayed, 3> all_decays{{{}, {.weight_decay = 0.1}, {.weight_decay = 0.1, .decoupled = true}}};

Optimizer adam(const Decayed& decay, double beta1, bool amsgrad) {
    return {.name = "adam, beta1 " + std::to_string(beta1) + decay.name() + (amsgrad ? ", amsgrad" : ""),
            .step =
                [=](const auto& kernels, int t, auto count, const float* grad, const auto& state, float* param) {
                    kernels.adam(
                        count,
                        {.step_size = narrow(lr / (1.0 - std::pow(beta1, t))),
                         .beta1 = Decay(beta1),
                         .beta2 = Decay(beta2),
                         .denom_factor = narrow(1.0 / std::sqrt(1.0 - std::pow(beta2, t))),
                         .eps = narrow(eps),
                         .weight_decay = decay.coupled(),
                         .param_factor = decay.param_factor()},
                        grad,
                        {.exp_avg = state[0], .exp_avg_sq = state[1], .max_exp_avg_sq = amsgrad ? state[2] : nullptr},
                        param);
                },
            .rule =
                [=](int t, double grad, auto& state, double& param) {
                    decay(grad, param);
                    state[0] = lerp(state[0], grad, 1.0 - beta1);
                    state[1] = beta2 * state[1] + (1.0 - beta2) * grad * grad;
                    if (amsgrad) state[2] = maximum(state[2], state[1]);
                    const double square = amsgrad ? state[2] : state[1];
                    const double denom = std::sqrt(square) / std::sqrt(1.0 - std::pow(beta2, t)) + eps;
                    param -= lr / (1.0 - std::pow(beta1, t)) * state[0] / denom;
                }};
}

TEST(OptimizerKernels, AdamAndAdamwFollowTheirRules) {
    for (const Decayed& decay : all_decays)
        for (const bool amsgrad : both)
            for (const double beta1 : {0.9, 0.4, 0.0}) expect_the_rule(adam(decay, beta1, amsgrad));
}

/// (1 - beta2) * grad * grad in this order, as torch has it.
TEST(OptimizerKernels, AdamWeighsAGradientBeforeItsSquareOverflows) {
    for (const auto* set : instruction_sets()) {
        const std::vector<float> grad(33, 3e19F);
        std::vector<float> param(33);
        std::vector<float> exp_avg(33);
        std::vector<float> exp_avg_sq(33);
        set->adam(33,
                  {.step_size = 1.0F, .beta1 = Decay(0.9), .beta2 = Decay(0.999), .denom_factor = 1.0F, .eps = 0.0F},
                  grad.data(), {.exp_avg = exp_avg.data(), .exp_avg_sq = exp_avg_sq.data()}, param.data());
        for (const float value : exp_avg_sq) EXPECT_FLOAT_EQ(value, 9e35F);
    }
}

Optimizer nadam(const Decayed& decay) {
    constexpr double beta1 = 0.9;
    const auto mu = [=](int t) { return beta1 * (1.0 - 0.5 * std::pow(0.96, t * 0.5)); };
    const auto product = [=](int t) {
        double all = 1.0;
        for (int i = 1; i <= t; ++i) all *= mu(i);
        return all;
    };
    return {.name = "nadam" + decay.name(),
            .step =
                [=](const auto& kernels, int t, auto count, const float* grad, const auto& state, float* param) {
                    kernels.nadam(count,
                                  {.grad_step_size = narrow(lr * (1.0 - mu(t)) / (1.0 - product(t))),
                                   .exp_avg_step_size = narrow(lr * mu(t + 1) / (1.0 - product(t + 1))),
                                   .beta1 = Decay(beta1),
                                   .beta2 = Decay(beta2),
                                   .exp_avg_sq_factor = narrow(1.0 / (1.0 - std::pow(beta2, t))),
                                   .eps = narrow(eps),
                                   .weight_decay = decay.coupled(),
                                   .param_factor = decay.param_factor()},
                                  grad, {.exp_avg = state[0], .exp_avg_sq = state[1]}, param);
                },
            .rule =
                [=](int t, double grad, auto& state, double& param) {
                    decay(grad, param);
                    state[0] = lerp(state[0], grad, 1.0 - beta1);
                    state[1] = beta2 * state[1] + (1.0 - beta2) * grad * grad;
                    const double denom = std::sqrt(state[1] / (1.0 - std::pow(beta2, t))) + eps;
                    param -= lr * (1.0 - mu(t)) / (1.0 - product(t)) * grad / denom;
                    param -= lr * mu(t + 1) / (1.0 - product(t + 1)) * state[0] / denom;
                }};
}

TEST(OptimizerKernels, NadamFollowsItsRule) {
    for (const Decayed& decay : all_decays) expect_the_rule(nadam(decay));
}

/// Six of the eight steps are rectified, the last ones.
Optimizer radam(const Decayed& decay) {
    constexpr double beta1 = 0.9;
    constexpr double of_squares = 0.999;
    const auto rho = [=](int t) {
        const double power = std::pow(of_squares, t);
        return 2.0 / (1.0 - of_squares) - 1.0 - 2.0 * t * power / (1.0 - power);
    };
    const auto rectification = [=](int t) {
        const double last = 2.0 / (1.0 - of_squares) - 1.0;
        return std::sqrt((rho(t) - 4.0) * (rho(t) - 2.0) * last / ((last - 4.0) * (last - 2.0) * rho(t)));
    };
    const auto correction = [=](int t) { return std::sqrt(1.0 - std::pow(of_squares, t)); };
    return {.name = "radam" + decay.name(),
            .step =
                [=](const auto& kernels, int t, auto count, const float* grad, const auto& state, float* param) {
                    const double step_size = lr / (1.0 - std::pow(beta1, t));
                    const bool rectified = rho(t) > 5.0;
                    kernels.radam(
                        count,
                        {.rectified = rectified,
                         .step_size = narrow(rectified ? step_size * correction(t) * rectification(t) : step_size),
                         .beta1 = Decay(beta1),
                         .beta2 = Decay(of_squares),
                         .eps = narrow(eps),
                         .weight_decay = decay.coupled(),
                         .param_factor = decay.param_factor()},
                        grad, {.exp_avg = state[0], .exp_avg_sq = state[1]}, param);
                },
            .rule =
                [=](int t, double grad, auto& state, double& param) {
                    decay(grad, param);
                    state[0] = lerp(state[0], grad, 1.0 - beta1);
                    state[1] = of_squares * state[1] + (1.0 - of_squares) * grad * grad;
                    const double step = state[0] / (1.0 - std::pow(beta1, t)) * lr;
                    param -=
                        rho(t) > 5.0 ? step * (correction(t) / (std::sqrt(state[1]) + eps)) * rectification(t) : step;
                }};
}

TEST(OptimizerKernels, RadamFollowsItsRule) {
    for (const Decayed& decay : all_decays) expect_the_rule(radam(decay));
}

Optimizer adamax(const Decayed& decay) {
    constexpr double beta1 = 0.9;
    return {.name = "adamax" + decay.name(),
            .step =
                [=](const auto& kernels, int t, auto count, const float* grad, const auto& state, float* param) {
                    kernels.adamax(count,
                                   {.step_size = narrow(lr / (1.0 - std::pow(beta1, t))),
                                    .beta1 = Decay(beta1),
                                    .beta2 = narrow(beta2),
                                    .eps = narrow(eps),
                                    .weight_decay = decay.coupled()},
                                   grad, {.exp_avg = state[0], .exp_inf = state[1]}, param);
                },
            .rule =
                [=](int t, double grad, auto& state, double& param) {
                    decay(grad, param);
                    state[0] = lerp(state[0], grad, 1.0 - beta1);
                    state[1] = maximum(state[1] * beta2, std::abs(grad) + eps);
                    param -= lr / (1.0 - std::pow(beta1, t)) * state[0] / state[1];
                }};
}

TEST(OptimizerKernels, AdamaxFollowsItsRule) {
    expect_the_rule(adamax({}));
    expect_the_rule(adamax({.weight_decay = 0.1}));
}

// ---- the others

Optimizer adagrad(const Decayed& decay) {
    constexpr double lr_decay = 0.2;
    return {.name = "adagrad" + decay.name(),
            .start = {0.5F},
            .step =
                [=](const auto& kernels, int t, auto count, const float* grad, const auto& state, float* param) {
                    kernels.adagrad(count,
                                    {.step_size = narrow(lr / (1.0 + (t - 1) * lr_decay)),
                                     .eps = narrow(eps),
                                     .weight_decay = decay.coupled()},
                                    grad, {.sum = state[0]}, param);
                },
            .rule =
                [=](int t, double grad, auto& state, double& param) {
                    decay(grad, param);
                    state[0] += grad * grad;
                    param -= lr / (1.0 + (t - 1) * lr_decay) * grad / (std::sqrt(state[0]) + eps);
                }};
}

TEST(OptimizerKernels, AdagradFollowsItsRule) {
    expect_the_rule(adagrad({}));
    expect_the_rule(adagrad({.weight_decay = 0.1}));
}

Optimizer adadelta(const Decayed& decay) {
    constexpr double rho = 0.8;
    return {.name = "adadelta" + decay.name(),
            .step =
                [=](const auto& kernels, int, auto count, const float* grad, const auto& state, float* param) {
                    kernels.adadelta(
                        count,
                        {.lr = narrow(lr), .rho = Decay(rho), .eps = narrow(eps), .weight_decay = decay.coupled()},
                        grad, {.square_avg = state[0], .acc_delta = state[1]}, param);
                },
            .rule =
                [=](int, double grad, auto& state, double& param) {
                    decay(grad, param);
                    state[0] = rho * state[0] + (1.0 - rho) * grad * grad;
                    const double delta = std::sqrt(state[1] + eps) / std::sqrt(state[0] + eps) * grad;
                    state[1] = rho * state[1] + (1.0 - rho) * delta * delta;
                    param -= lr * delta;
                }};
}

TEST(OptimizerKernels, AdadeltaFollowsItsRule) {
    expect_the_rule(adadelta({}));
    expect_the_rule(adadelta({.weight_decay = 0.1}));
}

Optimizer rmsprop(const Decayed& decay, double momentum, bool centered) {
    constexpr double alpha = 0.8;
    return {
        .name = "rmsprop" + decay.name() + ", momentum " + std::to_string(momentum) + (centered ? ", centered" : ""),
        .step =
            [=](const auto& kernels, int, auto count, const float* grad, const auto& state, float* param) {
                kernels.rmsprop(count,
                                {.lr = narrow(lr),
                                 .alpha = Decay(alpha),
                                 .eps = narrow(eps),
                                 .momentum = narrow(momentum),
                                 .weight_decay = decay.coupled()},
                                grad,
                                {.square_avg = state[0],
                                 .grad_avg = centered ? state[1] : nullptr,
                                 .momentum_buffer = momentum > 0.0 ? state[2] : nullptr},
                                param);
            },
        .rule =
            [=](int, double grad, auto& state, double& param) {
                decay(grad, param);
                state[0] = alpha * state[0] + (1.0 - alpha) * grad * grad;
                if (centered) state[1] = lerp(state[1], grad, 1.0 - alpha);
                const double denom = std::sqrt(state[0] - state[1] * state[1]) + eps;
                if (momentum > 0.0) state[2] = momentum * state[2] + grad / denom;
                param -= lr * (momentum > 0.0 ? state[2] : grad / denom);
            }};
}

TEST(OptimizerKernels, RmspropFollowsItsRule) {
    for (const double weight_decay : decays)
        for (const double momentum : {0.0, 0.7})
            for (const bool centered : both)
                expect_the_rule(rmsprop({.weight_decay = weight_decay}, momentum, centered));
}

/// Averages from the fifth step on.
Optimizer asgd(const Decayed& decay) {
    constexpr double lambd = 0.1;
    constexpr double t0 = 3.0;
    const auto eta = [=](int t) { return t == 1 ? lr : lr / std::pow(1.0 + lambd * lr * (t - 1), 0.75); };
    const auto mu = [=](int t) { return 1.0 / std::max(1.0, t - 1 - t0); };
    return {.name = "asgd" + decay.name(),
            .start = {nan},  // not read before it is written
            .step =
                [=](const auto& kernels, int t, auto count, const float* grad, const auto& state, float* param) {
                    kernels.asgd(count,
                                 {.eta = narrow(eta(t)),
                                  .param_factor = narrow(1.0 - lambd * eta(t)),
                                  .mu = narrow(mu(t)),
                                  .weight_decay = decay.coupled()},
                                 grad, {.ax = state[0]}, param);
                },
            .rule =
                [=](int t, double grad, auto& state, double& param) {
                    decay(grad, param);
                    param *= 1.0 - lambd * eta(t);
                    param -= eta(t) * grad;
                    state[0] = mu(t) == 1.0 ? param : state[0] + (param - state[0]) * mu(t);
                }};
}

TEST(OptimizerKernels, AsgdFollowsItsRule) {
    expect_the_rule(asgd({}));
    expect_the_rule(asgd({.weight_decay = 0.1}));
}

/// Step sizes reach both bounds in a few steps.
Optimizer rprop() {
    return {.name = "rprop",
            .start = {0.0F, 0.1F},
            .step =
                [](const auto& kernels, int, auto count, const float* grad, const auto& state, float* param) {
                    kernels.rprop(count,
                                  {.etaminus = 0.5F, .etaplus = 1.2F, .step_size_min = 0.04F, .step_size_max = 0.125F},
                                  grad, {.prev = state[0], .step_size = state[1]}, param);
                },
            .rule =
                [](int, double grad, auto& state, double& param) {
                    const double agreement = grad * state[0];
                    const double factor = agreement > 0.0 ? 1.2 : agreement < 0.0 ? 0.5 : 1.0;  // 1 of NaN
                    state[1] = std::min(std::max(state[1] * factor, 0.04), 0.125);
                    if (agreement < 0.0) grad = 0.0;
                    param -= (grad > 0.0 ? 1.0 : grad < 0.0 ? -1.0 : 0.0) * state[1];
                    state[0] = grad;
                }};
}

TEST(OptimizerKernels, RpropFollowsItsRule) { expect_the_rule(rprop()); }

// ---- all of them

TEST(OptimizerKernels, AreThoseOfTheProcessor) { EXPECT_EQ(optimizer_kernels().name, instruction_set()); }

TEST(OptimizerKernels, KeepDenormalNumbers) {
    for (const auto* set : instruction_sets()) {
        const std::vector<float> grad(33, 1e-40F);
        std::vector<float> param(33);
        set->sgd(33, {.lr = 1.0F}, grad.data(), {}, param.data());
        EXPECT_EQ(param, std::vector<float>(33, -1e-40F)) << set->name;
    }
}

TEST(OptimizerKernels, RoundOneMinusBetaFromDouble) {
    EXPECT_EQ(Decay(0.999).kept, 0.999F);
    EXPECT_EQ(Decay(0.999).added, 0.001F);
}

}  // namespace
}  // namespace labhost::kernels::optimizer_kernels_test
