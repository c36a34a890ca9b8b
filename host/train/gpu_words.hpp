// How NVIDIA's software speaks of GPUs, and what a person can do about it: decided from texts and numbers, without a
// GPU.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "support/child.hpp"
#include "support/json.hpp"
#include "train/device.hpp"

namespace labhost {

/// The file by which a GPU of NVIDIA's is known to be here: its driver's, or that of Windows for Linux (WSL 2) together
/// with NVIDIA's library in it, since other makers' GPUs have the file too. "" if there is none.
std::string sign_of_gpu();

/// Version of the NVIDIA driver in this machine's kernel; "" if there is none. It may be there without a GPU for this
/// process.
std::string kernel_driver();

/// From /proc/driver/nvidia/version: "580.95.05"; "" if it names none.
std::string kernel_driver_version(std::string_view proc_text);

/// 13000 is "13.0", 11080 is "11.8"; "" for 0, as CUDA has it where there is no driver.
std::string cuda_version_text(int version);

/// 91200 is "9.12.0"; before version 9 the digits were fewer, 8904 is "8.9.4". "" for 0.
std::string cudnn_version_text(long version);

/// Whether an engine of this build (TorchInfo's) is LibTorch's: "cpu", "cu130", "rocm".
bool is_build_of_torch(std::string_view build);

/// Why LibTorch need not be asked for GPUs though there is a sign of one: its build, or CUDA_VISIBLE_DEVICES (nullptr:
/// not set). "" if it is to be asked.
std::string why_not_to_ask(const std::string& sign, const std::string& build, const char* visible_devices);

/// Why LibTorch can use no GPU and what to do, in one line, from its own words and the versions in `survey`.
std::string why_no_gpu(std::string_view words, const GpuSurvey& survey, const char* visible_devices);

/// The same of a child that did not live to tell.
std::string why_no_answer(const ChildEnd& end);

/// A survey as a child tells it. Throws what Json does for another's.
Json to_json(const GpuSurvey& survey);
GpuSurvey survey_from(const Json& json);

/// [supervisor] Has a child `ask`, for at most `limit`: CUDA, once initialised, does not survive the fork that makes a
/// worker, and a driver that is not well may hang or end the process that asks.
GpuSurvey survey_in_child(const std::function<GpuSurvey()>& ask, std::chrono::milliseconds limit);

}  // namespace labhost
