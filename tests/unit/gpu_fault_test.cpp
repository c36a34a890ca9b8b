// What errors of CUDA and LibTorch are, by their words and numbers, and whose fault.
#include <gtest/gtest.h>

#include "train/gpu_fault.hpp"

namespace labhost::gpu_fault_test {
namespace {

using Kind = GpuFault::Kind;

TEST(GpuFaultWords, MemoryIsToldFromTheDevice) {
    for (const char* words :
         {"LibTorch failed in epoch 1: CUDA out of memory. Tried to allocate 2.00 GiB", "CUDA error: out of memory",
          "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
          "cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "GET was unable to find an engine to execute this computation"}) {
        const auto fault = gpu_fault_in(words);
        ASSERT_TRUE(fault) << words;
        EXPECT_EQ(fault->kind(), Kind::out_of_memory) << words;
        EXPECT_EQ(std::string(fault->what()), words);
    }
    const auto fault = gpu_fault_in("plugin 'net' failed in forward: CUDA error: device-side assert triggered");
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->kind(), Kind::device);
}

TEST(GpuFaultWords, OthersAreNone) {
    for (const char* words :
         {"", "plugin 'net' failed in forward: mat1 and mat2 shapes cannot be multiplied",
          "DefaultCPUAllocator: can't allocate memory", "not enough memory: you tried to allocate 80 GB"})
        EXPECT_FALSE(gpu_fault_in(words)) << words;
}

TEST(GpuFaultWords, TheirNumbersAreRead) {
    const auto code = [](const char* words) { return gpu_fault_in(words).value().code(); };
    EXPECT_EQ(code("CUDA error: all CUDA-capable devices are busy or unavailable"), 46);
    EXPECT_EQ(code("CUDA error: CUDA-capable device(s) is/are busy or unavailable"), 46);
    EXPECT_EQ(code("CUDA error: uncorrectable ECC error encountered"), 214);
    EXPECT_EQ(code("CUDA error: an illegal memory access was encountered\nCompile with TORCH_USE_CUDA_DSA"), 700);
    EXPECT_EQ(code("CUDA error: unspecified launch failure"), 719);
    EXPECT_EQ(code("Unexpected error from cudaGetDeviceCount(). CUDA error 802: system not yet initialized"), 802);
    EXPECT_EQ(code("CUDA error: unknown error"), 999);
    EXPECT_EQ(code("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), 0);
}

TEST(GpuFaultWords, ANumberIsBelievedBeforeWords) {
    EXPECT_EQ(gpu_fault_of_code(2, "CUDA error: of some kind").kind(), Kind::out_of_memory);
    EXPECT_EQ(gpu_fault_of_code(214, "CUDA error").kind(), Kind::device);
    EXPECT_EQ(gpu_fault_of_code(214, "CUDA error").code(), 214);
}

TEST(GpuBlame, BeforeTheFirstBatchADeviceThatIsOutOfOrderIsToBlame) {
    for (const int code : {3, 35, 46, 100, 101, 802, 803, 804, 999}) {
        EXPECT_EQ(blame_for(Kind::device, code, "", false), Blame::gpu) << code;
        EXPECT_EQ(blame_for(Kind::device, code, "", true), Blame::run) << code;
    }
}

TEST(GpuBlame, BrokenHardwareIsToBlameAtAnyTime) {
    for (const bool has_computed : {false, true}) {
        EXPECT_EQ(blame_for(Kind::device, 214, "", has_computed), Blame::gpu);
        EXPECT_EQ(blame_for(Kind::device, 220, "", has_computed), Blame::gpu);
        EXPECT_EQ(blame_for(Kind::device, 0, "Unable to determine the device handle: GPU is lost", has_computed),
                  Blame::gpu);
    }
}

TEST(GpuBlame, WhatARunDoesIsTheRunsAtAnyTime) {
    for (const bool has_computed : {false, true})
        for (const int code : {0, 1, 209, 700, 710, 716, 719})
            EXPECT_EQ(blame_for(Kind::device, code, "", has_computed), Blame::run) << code;
}

TEST(GpuBlame, ADeviceThatIsTakenSaysSo) {
    EXPECT_TRUE(is_taken({Kind::device, 46, ""}));
    EXPECT_TRUE(is_taken({Kind::device, 216, ""}));
    EXPECT_FALSE(is_taken({Kind::device, 802, ""}));
}

TEST(GpuBlame, MemoryIsNobodysAlone) {
    EXPECT_EQ(blame_for(Kind::out_of_memory, 2, "CUDA out of memory", false), Blame::memory);
    EXPECT_EQ(blame_for(Kind::out_of_memory, 0, "", true), Blame::memory);
}

}  // namespace
}  // namespace labhost::gpu_fault_test
