// The optimizers' steps for AVX-512.
#include "kernels/optimizer_loops.hpp"

namespace labhost::kernels {

const OptimizerKernels optimizers_avx512 = loops("avx512");

}  // namespace labhost::kernels
