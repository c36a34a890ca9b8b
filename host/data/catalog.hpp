// The data sets that labhost knows by name: their files, and the SHA-256 of each.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace labhost {

/// One IDX file of a data set.
struct CatalogFile {
    std::string_view name;    ///< uncompressed; may lie there as NAME.gz
    std::string_view sha256;  ///< of the uncompressed file
};

struct CatalogEntry {
    std::string_view name;
    std::array<CatalogFile, 4> files;          ///< train images, train labels, test images, test labels
    std::array<std::string_view, 10> classes;  ///< what the labels 0 to 9 stand for
};

/// All data sets known by name.
std::span<const CatalogEntry> catalog();

/// The entry called `name`, or nullptr.
const CatalogEntry* find_in_catalog(std::string_view name);

/// The names alone, for suggestions.
std::vector<std::string> catalog_names();

/// The folder that holds the data sets, each in a folder of its name: `chosen` (--data), else $LABHOST_DATA, else the
/// user's cache folder. Only one is looked into: data must not come from a place that was not meant.
std::filesystem::path data_folder(const std::optional<std::filesystem::path>& chosen);

/// FOLDER/NAME or FOLDER/NAME.gz, whichever exists (raw first).
std::optional<std::filesystem::path> find_idx(const std::filesystem::path& folder, std::string_view name);

}  // namespace labhost
