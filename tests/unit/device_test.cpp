// The device and the BLAS.
#include <gtest/gtest.h>

#include "helpers/expect_error.hpp"
#include "train/device.hpp"
#include "train/engine.hpp"
#include "train/torch_info.hpp"

namespace labhost {
namespace {

TEST(Device, IsWhatWasAskedForOrAnError) {
    EXPECT_EQ(resolve_device("cpu").text(), "cpu");
    EXPECT_EQ((Device{.cuda = true, .index = 2}).text(), "cuda:2");
    testing::expect_error(ExitCode::unusable, "device 'cuda:99' was asked for, but ",
                          [] { resolve_device("cuda:99"); });
}

TEST(Blas, OfThisMachineIsSound) {
    const std::string blas = torch_info().blas;
    EXPECT_EQ(blas_fault(blas), "") << blas;
}

TEST(Blas, FaultsAreNamedWithTheRemedy) {
    EXPECT_NE(blas_fault("/lib/x86_64-linux-gnu/blas/libblas.so.3").find("install libopenblas0-openmp"),
              std::string::npos);
    EXPECT_NE(blas_fault("OpenBLAS 0.3.21 DYNAMIC_ARCH Haswell MAX_THREADS=64").find("ignores trainer.threads"),
              std::string::npos);
    EXPECT_EQ(blas_fault("OpenBLAS 0.3.21 DYNAMIC_ARCH USE_OPENMP Haswell MAX_THREADS=64"), "");
    EXPECT_EQ(blas_fault("MKL"), "");
}

}  // namespace
}  // namespace labhost
