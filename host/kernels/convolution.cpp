#include "kernels/convolution.hpp"

#include "support/machine.hpp"

namespace labhost::kernels {

const ConvolutionKernels* convolution_kernels() {
    static const ConvolutionKernels* const kernels = [] {
        const auto set = instruction_set();
        return set == "avx512" ? &convolution_avx512 : set == "avx2" ? &convolution_avx2 : nullptr;
    }();
    return kernels;
}

}  // namespace labhost::kernels
