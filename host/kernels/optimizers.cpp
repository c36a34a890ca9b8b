// The steps for any processor, and the choice among instruction sets.
#include "kernels/optimizers.hpp"

#include "kernels/optimizer_loops.hpp"
#include "support/machine.hpp"

namespace labhost::kernels {

const OptimizerKernels optimizers_baseline = loops("none");

const OptimizerKernels& optimizer_kernels() {
    static const OptimizerKernels* const kernels = [] {
        const auto set = instruction_set();
        return set == "avx512" ? &optimizers_avx512 : set == "avx2" ? &optimizers_avx2 : &optimizers_baseline;
    }();
    return *kernels;
}

}  // namespace labhost::kernels
