// The hashes of many files, remembered, so that what lies as it lay is not read again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace labhost {

/// A file, and what tells that it is the same as before.
struct StampedFile {
    std::string name{};         ///< from its folder
    std::uint64_t size = 0;     ///< bytes
    std::int64_t modified = 0;  ///< nanoseconds since 1970: its content
    std::int64_t changed = 0;   ///< the same: its content, name or permissions, which no program can set
    std::uint64_t inode = 0;
    std::int64_t seen = 0;  ///< the same: when this was so

    /// Whether a later change would show: times have the kernel's tick, or on some file systems whole seconds.
    bool is_settled() const;
};

/// Throws Error (usage) where it is not there, or no regular file.
StampedFile stamp_of(const std::filesystem::path& folder, std::string name);

/// [supervisor] SHA-256 of each file, 64 hexadecimal digits. Those whose stamp is known are not opened; a child reads
/// the others on all cores, and they are remembered under the user's cache folder, but for files so young that a
/// change may not have shown yet in their times. Throws Error (usage): a file that cannot be read.
std::vector<std::string> sha256_of_files(const std::filesystem::path& folder, std::span<const StampedFile> files);

/// The bytes of a file that was hashed: by its stamp, or of one that is not settled by its hash. Throws Error (usage)
/// if it is another by now, or cannot be read.
std::string read_as_hashed(const std::filesystem::path& folder, const StampedFile& file, const std::string& sha256);

}  // namespace labhost
