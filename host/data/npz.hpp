// Arrays by name: NumPy's .npz, or a folder of .npy files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/array.hpp"

namespace labhost {

/// Arrays by name, each read when it is asked for.
struct NamedArrays {
    std::string where{};               ///< the file or folder, for errors
    std::vector<std::string> names{};  ///< without ".npy"
    std::function<Array(const std::string& name)> read{};
    std::function<std::string(const std::string& name)> place{};                ///< where one lies, for errors
    std::function<std::string(const std::vector<std::string>& used)> sha256{};  ///< of what holds those arrays
};

/// Both throw Error (usage): not there, damaged, no array of numbers. A .npz is a zip archive, its members stored or
/// deflated; it is held as it is read, so that what is hashed is what is trained on.
NamedArrays open_npz(const std::filesystem::path& file);
NamedArrays open_npy_folder(const std::filesystem::path& folder);

}  // namespace labhost
