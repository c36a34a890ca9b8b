// The data sets that labhost knows by name: their files, what tells that they are genuine, and where they come from.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/location.hpp"

namespace labhost {

/// One file of a data set.
struct CatalogFile {
    std::string_view name;      ///< uncompressed; of MNIST's format it may lie there as NAME.gz
    std::string_view sha256{};  ///< of the uncompressed file; "": the archive's digest tells, when it is fetched
    std::string member{};       ///< where it lies in the archive; "": in a .gz of its name
};

/// What is fetched, with the MD5 that torchvision.datasets, or the data set's own page, has for it.
struct CatalogArchive {
    std::string address{};
    std::string md5{};

    std::string file() const { return address.substr(address.rfind('/') + 1); }
};

enum class FileFormat { idx, cifar };

struct CatalogEntry {
    std::string_view name{};
    FileFormat format = FileFormat::idx;
    std::vector<CatalogFile> files{};  ///< of idx: train images, train labels, test images, test labels
    std::vector<CatalogArchive> archives{};
    std::vector<std::string_view> classes{};  ///< what the labels from 0 on stand for
};

/// All data sets known by name.
std::span<const CatalogEntry> catalog();

/// The entry called `name`, or nullptr.
const CatalogEntry* find_in_catalog(std::string_view name);

/// The names alone, for suggestions.
std::vector<std::string> catalog_names();

/// The names of MNIST's files: train images, train labels, test images, test labels.
inline constexpr std::array<std::string_view, 4> idx_names{"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                                           "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/// The folder that holds the data sets, each in a folder of its name: `chosen` (--data), else $LABHOST_DATA, else the
/// user's cache folder. Only one is looked into: data must not come from a place that was not meant.
std::filesystem::path data_folder(const std::optional<std::filesystem::path>& chosen);

/// FOLDER/NAME or FOLDER/NAME.gz, whichever exists (raw first).
std::optional<std::filesystem::path> find_idx(const std::filesystem::path& folder, std::string_view name);

/// A file of an entry that lies in `folder`; nothing if it does not.
std::optional<std::filesystem::path> find_file(const CatalogEntry& entry, const CatalogFile& file,
                                               const std::filesystem::path& folder);

/// Of a file's content, of MNIST's format uncompressed. Throws Error (usage): damaged.
std::string sha256_of(const CatalogEntry& entry, const std::filesystem::path& file);

/// Of what is not known here: what `labhost fetch` wrote beside the files, in the format of sha256sum.
inline constexpr std::string_view sums_file = "SHA256SUMS";

/// The SHA-256 that a file of an entry must have, uncompressed; "" if it is not known, since it was not fetched.
std::string genuine_sha256(const CatalogFile& file, const std::filesystem::path& folder);

/// Refuse what is not all there, and what is not genuine. Throw Error (usage) with the command that fetches it.
[[noreturn]] void fail_missing(const CatalogEntry& entry, const std::filesystem::path& folder, std::string_view file,
                               const Location& where);
void check_genuine(const CatalogEntry& entry, const CatalogFile& file, const std::filesystem::path& folder,
                   const std::string& sha256, const Location& where);

}  // namespace labhost
