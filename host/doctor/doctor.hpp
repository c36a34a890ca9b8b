// All that the doctor looks at, in order.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "doctor/finding.hpp"
#include "plugin/find.hpp"

namespace labhost {

/// What the command line says of places.
struct DoctorPlaces {
    PluginOptions plugins{};
    std::optional<std::filesystem::path> data{};
    std::filesystem::path runs{};
};

/// What this machine is to labhost. Whatever it meets becomes a finding; it makes no folder, and leaves no file.
/// `found` is told of each as it comes. Throws StopError only.
Findings look_at_all(const DoctorPlaces& places, const std::function<void(const Finding&)>& found);

}  // namespace labhost
