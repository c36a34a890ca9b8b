// A data set in memory, held once, shared by all runs that read it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "data/shared_array.hpp"

namespace labhost {

/// Examples of one shape, with their targets. Their inputs are bytes, which stand for 0 to 1, or reals.
struct Split {
    std::int64_t count = 0;
    std::vector<std::int64_t> sizes{};   ///< of an example: [channels, height, width], [height, width], [columns], ...
    SharedArray<std::uint8_t> bytes{};   ///< [places, sizes...]; empty with reals
    SharedArray<float> reals{};          ///< the same; empty with bytes
    std::vector<std::int64_t> places{};  ///< [count], of examples that were drawn: where each lies; empty: in order
    std::vector<std::int64_t> labels{};  ///< [count], from 0; empty with other targets than classes
    std::int64_t largest_label = 0;
    std::vector<float> targets{};  ///< [count, outputs]; empty with classes
    std::int64_t outputs = 0;
    std::string targets_where{};  ///< the file of the labels, and the array in it

    std::int64_t elements() const;  ///< of an example
    bool is_bytes() const { return reals.empty(); }
    /// Its index among those that the file holds.
    std::int64_t place_of(std::int64_t example) const {
        return places.empty() ? example : places[static_cast<std::size_t>(example)];
    }
    /// [sizes...]
    const std::uint8_t* bytes_of(std::int64_t example) const { return bytes.data() + place_of(example) * elements(); }
    const float* reals_of(std::int64_t example) const { return reals.data() + place_of(example) * elements(); }
};

/// How many means and deviations normalise an example: its channels, or of a vector its columns.
std::int64_t channels_of(const std::vector<std::int64_t>& sizes);

/// What files hold, as it lies there.
struct LoadedParts {
    Split train{};
    std::optional<Split> validation{};
    std::optional<Split> test{};
    std::vector<std::string> sha256{};    ///< of the files, in an order of their kind
    std::vector<std::string> classes{};   ///< their names, where the files tell
    std::vector<std::string> left_out{};  ///< files that could not be read, and why, where that was asked for
};

struct Dataset {
    std::string name{};              ///< as the experiment names it
    std::filesystem::path folder{};  ///< where its files lie, or the file
    Split train{};
    std::optional<Split> validation{};  ///< that the data bring
    Split test{};
    std::vector<std::string>
        sha256{};  ///< of its files; of IDX uncompressed: train images, labels, test images, labels
    std::vector<std::string> classes{};   ///< their names; empty: not known
    std::vector<std::string> left_out{};  ///< files that could not be read, and why

    /// Bytes that it takes, in memory or in a file that is mapped.
    std::uint64_t size() const;
};

/// Where `settings.dataset` lies: itself, or of a name a folder in `data_folder(chosen_folder)`.
std::filesystem::path place_of(const DataSettings& settings, const std::optional<std::filesystem::path>& chosen_folder);

/// [supervisor] What lies there, of which nothing is drawn. Throws as load_dataset.
LoadedParts load_parts(const DataSettings& settings, const std::optional<std::filesystem::path>& chosen_folder,
                       TargetKind kind = TargetKind::classes);

/// [supervisor] Loads `settings.dataset`: a name from the catalogue (looked for in the folder that
/// `data_folder(chosen_folder)` gives, hashes checked), a .npz or .csv file, or a folder with IDX files, .npy files,
/// CIFAR's or images (of `settings.image_sizes`). `settings.test` is drawn here. Throws Error (usage): a data set that
/// is not there (with the command that fetches it), a damaged file, inputs and targets that do not fit together or are
/// no numbers. `kind`: what the targets are taken for.
Dataset load_dataset(const DataSettings& settings, const std::optional<std::filesystem::path>& chosen_folder,
                     TargetKind kind = TargetKind::classes);

/// What `load_dataset` goes by, as a key: equal ones load the same.
std::string loading_key(const DataSettings& settings, TargetKind kind);

/// Refuses limits that exceed what the data set holds, a split beside the data's own, and a normalisation of other
/// channels. Throws Error (usage).
void check_fits_data(const DataSettings& settings, const Dataset& dataset);

}  // namespace labhost
