// The optimizers' steps for AVX2.
#include "kernels/optimizer_loops.hpp"

namespace labhost::kernels {

const OptimizerKernels optimizers_avx2 = loops("avx2");

}  // namespace labhost::kernels
