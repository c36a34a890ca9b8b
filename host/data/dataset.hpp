// A data set in memory: images and labels as bytes, held once, shared by all runs that read it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.hpp"

namespace labhost {

/// One half of a data set.
struct Split {
    std::int64_t count = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;
    std::vector<std::uint8_t> images{};  ///< [count, height, width]
    std::vector<std::uint8_t> labels{};  ///< [count]
    int largest_label = 0;
};

struct Dataset {
    std::string name{};              ///< as the experiment names it
    std::filesystem::path folder{};  ///< where its files lie
    Split train{};
    Split test{};
    std::vector<std::string> sha256{};  ///< of the four files, uncompressed: train images, labels, test images, labels
};

/// Loads the four files of `settings.dataset`: a name from the catalogue (looked for in the folder that
/// `data_folder(chosen_folder)` gives, hashes checked) or a folder. Throws Error (usage): a data set that is not there
/// (with the command that fetches it), a damaged file, images and labels that do not fit together, limits beyond the
/// data.
Dataset load_dataset(const DataSettings& settings, const std::optional<std::filesystem::path>& chosen_folder);

/// Refuses limits that exceed what the data set holds. Throws Error (usage).
void check_limits(const DataSettings& settings, const Dataset& dataset);

}  // namespace labhost
