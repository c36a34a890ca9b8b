// The device, what is said of GPUs that cannot be used, which of them a checkpoint is bound to, and the BLAS.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "helpers/expect_error.hpp"
#include "support/text.hpp"
#include "train/device.hpp"
#include "train/engine.hpp"
#include "train/gpu_words.hpp"
#include "train/torch_info.hpp"
#include "train/used_gpu.hpp"

namespace labhost::device_test {
namespace {

TEST(Device, IsWhatWasAskedForOrAnError) {
    EXPECT_EQ(resolve_device("cpu").text(), "cpu");
    EXPECT_EQ((Device{.cuda = true, .index = 2}).text(), "cuda:2");
    testing::expect_error(ExitCode::unusable, "device 'cuda:99' was asked for, but ",
                          [] { resolve_device("cuda:99"); });
}

TEST(Gpus, TheDriversVersionIsReadFromItsOwnLine) {
    EXPECT_EQ(kernel_driver_version(
                  "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.57.02  Tue Jul 13 16:14:05 UTC 2021\n"
                  "GCC version:  gcc version 9.3.0 (Ubuntu 9.3.0-17ubuntu1~20.04)\n"),
              "470.57.02");
    EXPECT_EQ(
        kernel_driver_version("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  "
                              "(dvs-builder@U22-I3-AE18-09-6)  Tue Sep 23 09:55:41 UTC 2025\nGCC version:  12.2.0\n"),
        "580.95.05");
    EXPECT_EQ(kernel_driver_version("NVRM version: NVIDIA UNIX\nGCC version: 12.2.0\n"), "");
    EXPECT_EQ(kernel_driver_version(""), "");
}

TEST(Gpus, VersionsAreWrittenAsPeopleWriteThem) {
    EXPECT_EQ(cuda_version_text(13000), "13.0");
    EXPECT_EQ(cuda_version_text(11080), "11.8");
    EXPECT_EQ(cuda_version_text(0), "") << "no driver";
    EXPECT_EQ(cudnn_version_text(91200), "9.12.0");
    EXPECT_EQ(cudnn_version_text(8904), "8.9.4");
    EXPECT_EQ(cudnn_version_text(0), "");
}

void expect_said(const std::string& text, const std::vector<std::string>& words) {
    EXPECT_TRUE(is_one_line(text)) << text;
    for (const std::string& part : words) EXPECT_NE(text.find(part), std::string::npos) << part << "\n in " << text;
}

TEST(Gpus, LibTorchIsNotAskedWhereTheAnswerIsKnown) {
    expect_said(why_not_to_ask("/dev/nvidiactl", "cpu", nullptr),
                {"/dev/nvidiactl", "is a CPU build", "make TORCH=pip"});
    for (const char* none : {"", "-1", "-1,0"})
        expect_said(why_not_to_ask("/dev/nvidiactl", "cu130", none),
                    {"CUDA_VISIBLE_DEVICES is '" + std::string(none) + "', which hides all GPUs", "unset it"});
    for (const char* some : {static_cast<const char*>(nullptr), "0", "1,-1", "GPU-8932f937"})
        EXPECT_EQ(why_not_to_ask("/dev/nvidiactl", "cu130", some), "");
}

/// LibTorch's and CUDA's own words, as they come.
TEST(Gpus, EachReasonIsToldWithItsRemedyAndInLibTorchsWords) {
    const GpuSurvey old{.driver = "470.57.02", .cuda_driver = "11.4", .runtime = "13.0"};
    const std::string too_old =
        "The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver by "
        "downloading and "
        "installing a new version from the URL: http://www.nvidia.com/Download/index.aspx Alternatively, go to: "
        "https://pytorch.org to install a PyTorch version that has been compiled with your version of the CUDA driver.";
    expect_said(why_no_gpu(too_old, old, nullptr),
                {"the NVIDIA driver 470.57.02 can do CUDA up to 11.4, and this LibTorch needs 13.0",
                 "update the driver", "a LibTorch for CUDA 11 ", too_old});

    const std::string unexpected =
        "Unexpected error from cudaGetDeviceCount(). Did you run some cuda functions before calling "
        "NumCudaDevices() that might have already set an error? Error ";
    expect_said(why_no_gpu(unexpected + "802: system not yet initialized", {}, nullptr),
                {"systemctl start nvidia-fabricmanager", "Error 802"});
    expect_said(
        why_no_gpu(unexpected + "803: system has unsupported display driver / cuda driver combination", {}, nullptr),
        {"are of two versions", "restart the machine", "Error 803"});
    expect_said(why_no_gpu(unexpected + "804: forward compatibility was attempted on non supported HW", {}, nullptr),
                {"LD_LIBRARY_PATH", "Error 804"});
    expect_said(why_no_gpu(unexpected + "46:\nCUDA-capable device(s) is/are busy or unavailable", {}, nullptr),
                {"another process has the GPU", "Error 46"});
    expect_said(
        why_no_gpu("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU", {}, nullptr),
        {"install the driver", "--gpus all", "Found no NVIDIA driver"});
    expect_said(why_no_gpu("CUDA unknown error - this may be due to an incorrectly set up environment", {}, nullptr),
                {"modprobe nvidia_uvm", "CUDA unknown error"});
    expect_said(why_no_gpu("CUDA driver initialization failed, you might not have a CUDA gpu.", {}, nullptr),
                {"the driver does not start", "`dmesg`"});
    expect_said(why_no_gpu("something\nnew \x1b[31m", {}, nullptr),
                {"`nvidia-smi` and `dmesg` may say more", "something | new \\x1b[31m"});
}

TEST(Gpus, WhereTheDriverShowsNoneTheVariableThatChoosesIsNamed) {
    const std::string words = "No CUDA GPUs are available";
    expect_said(why_no_gpu(words, {}, "7"), {"shows none of CUDA_VISIBLE_DEVICES=7", "`nvidia-smi -L`"});
    expect_said(why_no_gpu(words, {}, nullptr), {"shows none to this process", "--gres=gpu:1"});
}

TEST(Gpus, WhatAChildFindsIsHeardWhole) {
    const GpuSurvey found{.gpus = {{"NVIDIA H200", "9.0", 150754820096}, {"NVIDIA \"\xff\"", "8.0", 1}},
                          .why_none = "why",
                          .driver = "580.95.05",
                          .cuda_driver = "13.1",
                          .runtime = "13.0",
                          .cudnn = "9.12.0",
                          .cublas = "13.0.2"};
    const GpuSurvey heard = survey_in_child([&] { return found; }, std::chrono::seconds(60));
    ASSERT_EQ(heard.gpus.size(), 2U);
    EXPECT_EQ(heard.gpus[0].name, "NVIDIA H200");
    EXPECT_EQ(heard.gpus[0].capability, "9.0");
    EXPECT_EQ(heard.gpus[0].memory, 150754820096U);
    EXPECT_EQ(heard.why_none, "why");
    EXPECT_EQ(heard.driver, "580.95.05");
    EXPECT_EQ(heard.cuda_driver, "13.1");
    EXPECT_EQ(heard.runtime, "13.0");
    EXPECT_EQ(heard.cudnn, "9.12.0");
    EXPECT_EQ(heard.cublas, "13.0.2");
}

TEST(Gpus, AChildThatDoesNotLiveToTellIsTheReason) {
    using namespace std::chrono_literals;
    const auto why = [](const std::function<GpuSurvey()>& ask, std::chrono::milliseconds limit) {
        return survey_in_child(ask, limit).why_none;
    };
    const auto hangs = []() -> GpuSurvey {
        for (;;) std::this_thread::sleep_for(1s);
    };
    expect_said(why(hangs, 100ms),
                {"asking LibTorch for GPUs was not done after 0.1 s", "`nvidia-smi`", "--device cpu"});
    expect_said(why([]() -> GpuSurvey { std::abort(); }, 60s), {"asking LibTorch for GPUs was killed by SIGABRT"});
    expect_said(why([]() -> GpuSurvey { std::_Exit(3); }, 60s), {"asking LibTorch for GPUs called exit(3)"});
    expect_said(why([]() -> GpuSurvey { throw std::runtime_error("two\nlines"); }, 60s), {"two | lines"});
}

const GpuSurvey two_gpus{.gpus = {{"NVIDIA H200", "9.0", 1}, {"NVIDIA A100-SXM4-80GB", "8.0", 1}},
                         .driver = "580.95.05",
                         .cudnn = "9.12.0",
                         .cublas = "13.0.2"};

TEST(UsedGpu, IsRecordedByNameWithWhatComputedOnIt) {
    const Json second = used_gpu(two_gpus, {.cuda = true, .index = 1});
    EXPECT_EQ(second.dump(),
              R"({"gpu":"NVIDIA A100-SXM4-80GB","gpu_driver":"580.95.05","cudnn":"9.12.0","cublas":"13.0.2"})");
    EXPECT_TRUE(used_gpu(two_gpus, {}).empty()) << "a run on the CPU of such a machine";
    EXPECT_EQ(used_gpu({}, {.cuda = true, .index = 3}).at("gpu"), "") << "not to be read beyond its end";
}

class CheckpointOfAGpu : public ::testing::Test {
protected:
    static std::string text(const GpuSurvey& survey, int index = 0) {
        return used_gpu(survey, {.cuda = true, .index = index}).dump();
    }
    const std::string now_ = text(two_gpus);
};

TEST_F(CheckpointOfAGpu, GoesOnOnTheSameKindWithTheSameCudnn) {
    GpuSurvey updated = two_gpus;
    updated.driver = "590.10";
    updated.cublas = "13.1.0";
    EXPECT_EQ(why_not_on_this_gpu(now_, now_), "");
    EXPECT_EQ(why_not_on_this_gpu(text(updated), now_), "") << "driver and cuBLAS are told, not compared";
}

TEST_F(CheckpointOfAGpu, GoesOnOnNoOther) {
    EXPECT_EQ(why_not_on_this_gpu(text(two_gpus, 1), now_),
              "was made on GPU 'NVIDIA A100-SXM4-80GB' with cuDNN 9.12.0, and gives other numbers here, on GPU 'NVIDIA "
              "H200' with "
              "cuDNN 9.12.0");
    GpuSurvey updated = two_gpus;
    updated.cudnn = "9.24.0";
    EXPECT_NE(why_not_on_this_gpu(now_, text(updated)).find("with cuDNN 9.12.0, and gives other numbers here"),
              std::string::npos);
    EXPECT_NE(why_not_on_this_gpu(now_, "").find("and this run is on a CPU"), std::string::npos);
}

TEST_F(CheckpointOfAGpu, ThatDoesNotSayWhichIsNotTrusted) {
    for (const char* then : {"", "{", "[]", "{}", R"({"gpu": 7})"})
        EXPECT_NE(why_not_on_this_gpu(then, now_).find("does not say on which GPU it was made"), std::string::npos)
            << then;
}

TEST(CheckpointOfACpu, GoesOnAsBefore) { EXPECT_EQ(why_not_on_this_gpu("", ""), ""); }

/// Other packages may bring Debian the pthread variant, which then goes before the one that labhost installs.
TEST(Blas, OfThisMachineIsSoundOrSaidNotToBe) {
    const std::string blas = torch_info().blas;
    const std::string chosen =
        std::filesystem::weakly_canonical("/etc/alternatives/libblas.so.3-" LABHOST_ARCHITECTURE).native();
    const bool other =
        blas != "MKL" && (chosen.find("pthread") != std::string::npos || chosen.find("/blas/") != std::string::npos);
    EXPECT_EQ(blas_fault(blas).empty(), !other) << blas << ", " << chosen;
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
}  // namespace labhost::device_test
