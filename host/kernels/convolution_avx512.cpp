// The convolution kernels for AVX-512: 32 registers of 16 floats.
#define LABHOST_VECTOR_WIDTH 16
#define LABHOST_CHANNEL_BLOCK 12
#define LABHOST_WEIGHT_TILE 5
#include "kernels/convolution_kernels.hpp"

namespace labhost::kernels {

const ConvolutionKernels convolution_avx512{block, scratch, pack_forward, pack_backward, forward, backward};

}  // namespace labhost::kernels
