// The convolution kernels for AVX2 with FMA: 16 registers of 8 floats.
#define LABHOST_VECTOR_WIDTH 8
#define LABHOST_CHANNEL_BLOCK 6
#define LABHOST_WEIGHT_TILE 3
#include "kernels/convolution_kernels.hpp"

namespace labhost::kernels {

const ConvolutionKernels convolution_avx2{block, scratch, pack_forward, pack_backward, forward, backward};

}  // namespace labhost::kernels
