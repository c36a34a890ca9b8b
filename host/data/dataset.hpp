// A data set in memory, held once, shared by all runs that read it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.hpp"

namespace labhost {

/// Examples of one shape, with their targets. Their inputs are bytes, which stand for 0 to 1, or reals.
struct Split {
    std::int64_t count = 0;
    std::vector<std::int64_t> sizes{};   ///< of an example: [channels, height, width], [height, width], [columns], ...
    std::vector<std::uint8_t> bytes{};   ///< [count, sizes...]; empty with reals
    std::vector<float> reals{};          ///< the same; empty with bytes
    std::vector<std::int64_t> labels{};  ///< [count], from 0; empty with other targets than classes
    std::int64_t largest_label = 0;
    std::vector<float> targets{};  ///< [count, outputs]; empty with classes
    std::int64_t outputs = 0;
    bool drawn = false;           ///< whether its examples were chosen, in another order than they lie in their file
    std::string targets_where{};  ///< the file of the labels, and the array in it

    std::int64_t elements() const;  ///< of an example
    bool is_bytes() const { return reals.empty(); }
};

/// How many means and deviations normalise an example: its channels, or of a vector its columns.
std::int64_t channels_of(const std::vector<std::int64_t>& sizes);

struct Dataset {
    std::string name{};              ///< as the experiment names it
    std::filesystem::path folder{};  ///< where its files lie, or the file
    Split train{};
    std::optional<Split> validation{};  ///< that the data bring
    Split test{};
    std::vector<std::string>
        sha256{};  ///< of its files; of IDX uncompressed: train images, labels, test images, labels
};

/// Loads `settings.dataset`: a name from the catalogue (looked for in the folder that `data_folder(chosen_folder)`
/// gives, hashes checked), a .npz file, or a folder with IDX files, .npy files or CIFAR's. `settings.test` is drawn
/// here. Throws Error (usage): a data set that is not there (with the command that fetches it), a damaged file, inputs
/// and targets that do not fit together or are no numbers. `kind`: what the targets are taken for.
Dataset load_dataset(const DataSettings& settings, const std::optional<std::filesystem::path>& chosen_folder,
                     TargetKind kind = TargetKind::classes);

/// What `load_dataset` goes by, as a key: equal ones load the same.
std::string loading_key(const DataSettings& settings, TargetKind kind);

/// Refuses limits that exceed what the data set holds, a split beside the data's own, and a normalisation of other
/// channels. Throws Error (usage).
void check_fits_data(const DataSettings& settings, const Dataset& dataset);

}  // namespace labhost
