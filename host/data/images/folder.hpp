// A folder of images: a folder for each class, as torchvision's ImageFolder reads it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/file_hashes.hpp"

namespace labhost {

/// A part of the data: to train on, to validate with, to test with.
struct ImageFiles {
    std::string name{};  ///< its folder, "train"; "" where the classes lie in the data set's own
    std::vector<StampedFile> files{};
    std::vector<std::int64_t> labels{};  ///< [files], the places of their classes' names
};

struct ImageFolder {
    std::vector<std::string> classes{};  ///< sorted
    ImageFiles train{};
    ImageFiles validation{};  ///< without files: there is none
    ImageFiles test{};        ///< the same
};

/// Whether an image lies somewhere below one of its folders.
bool is_image_folder(const std::filesystem::path& folder);

/// [3, height, width] of the first image that can be decoded. Throws Error (usage) if none can.
std::vector<std::int64_t> size_of_first_image(const std::filesystem::path& folder);

/// The files of CLASS/..., or train/CLASS/..., val/CLASS/... (or valid, validation) and test/CLASS/..., in
/// ImageFolder's order: classes by name; within one the folders by path, and in each the files by name. Hidden folders
/// are left out. Throws Error (usage): a class without images, parts whose classes differ, images of a format that is
/// not read.
ImageFolder list_images(const std::filesystem::path& folder);

}  // namespace labhost
