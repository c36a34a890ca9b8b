#include "kernels/sgd.hpp"

namespace labhost::kernels {

void sgd_step(std::int64_t count, float lr, float momentum, const float* gradient, float* buffer, float* parameter) {
    float* __restrict__ b = buffer;
    float* __restrict__ p = parameter;
    if (gradient == nullptr) {
        for (std::int64_t i = 0; i < count; ++i) {
            b[i] *= momentum;
            p[i] -= lr * b[i];
        }
        return;
    }
    const float* __restrict__ g = gradient;
    for (std::int64_t i = 0; i < count; ++i) {
        b[i] = momentum * b[i] + g[i];
        p[i] -= lr * b[i];
    }
}

}  // namespace labhost::kernels
