// What the files of a data set hold, before it is checked and made into examples: a function for each kind of files.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/location.hpp"
#include "data/array.hpp"
#include "data/catalog.hpp"
#include "data/npz.hpp"

namespace labhost {

/// An array, and where it lies, for errors.
struct PlacedArray {
    Array array{};
    std::string where{};  ///< "/data/x.npz: x_train.npy"
};

struct RawSplit {
    PlacedArray inputs{};   ///< [N, ...]
    PlacedArray targets{};  ///< [N], ...
};

struct RawData {
    RawSplit train{};
    std::optional<RawSplit> validation{};
    std::optional<RawSplit> test{};
    std::vector<std::string> sha256{};  ///< of the files, in an order of their kind
};

/// The four files of MNIST's format: train-images-idx3-ubyte, train-labels-idx1-ubyte and t10k-..., raw or gzipped.
/// `entry`: of the catalogue, whose files they must be; nullptr for a folder of the user's. `name`: as the experiment
/// has it. Throws Error (usage), as do the others.
RawData read_idx_folder(const std::filesystem::path& folder, const CatalogEntry* entry, const std::string& name,
                        const Location& where);
bool is_idx_folder(const std::filesystem::path& folder);

/// Arrays with MedMNIST's names (train_images, train_labels, val_..., test_...), Keras's (x_train, y_train, x_val,
/// x_test, ...) or scikit-learn's (data, target, without a test part).
RawData read_named_arrays(const NamedArrays& arrays);

/// CIFAR's binary version: data_batch_1.bin to data_batch_5.bin and test_batch.bin (ten classes), or train.bin and
/// test.bin (a hundred, of which the fine label is taken).
RawData read_cifar(const std::filesystem::path& folder, const CatalogEntry* entry, const Location& where);
bool is_cifar_folder(const std::filesystem::path& folder);

/// A table: a line of names, then lines of numbers, of which column `target` is the target; no test part.
RawData read_csv(const std::filesystem::path& file, const std::string& target, const Location& where);

}  // namespace labhost
