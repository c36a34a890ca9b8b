// Whether a plugin's training steps can be captured as CUDA graphs: found out once, and remembered by its file's hash.
#pragma once

#include <optional>
#include <string>

#include "config/choices.hpp"

namespace labhost {

struct CaptureVerdict {
    bool captured = true;
    std::string why{};  ///< where it is not
};

/// What a verdict is on: the plugin's file of this SHA-256, and its own loss where the steps have that.
std::string captured_steps(const std::string& sha256, Loss loss);

/// What an earlier command found out about these steps, with this LibTorch and on GPUs of this
/// name. What is damaged or of another version is as good as nothing.
std::optional<CaptureVerdict> recall_capture(const std::string& steps, const std::string& gpu);

/// In the user's cache folder; that only saves time, so what cannot be written is not.
void remember_capture(const std::string& steps, const std::string& gpu, const CaptureVerdict& verdict);

}  // namespace labhost
