// Files: read whole, written so that they are complete or absent, and the folders of the user.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace labhost {

/// The whole file. Throws Error (usage) naming the path and the reason.
std::string read_file(const std::filesystem::path& path);

/// Writes a temporary file beside `path`, syncs it, renames it to `path` and syncs the folder: a reader sees the
/// old content or the new, also after a crash. Throws StorageError.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// A file that grows by whole pieces; each append has reached the operating system when it returns.
class AppendFile {
public:
    enum class Existing { emptied, kept };
    /// Creates `path`, or empties it or keeps what is in it. Throws StorageError.
    explicit AppendFile(std::filesystem::path path, Existing existing = Existing::emptied);
    ~AppendFile();
    AppendFile(const AppendFile&) = delete;
    AppendFile& operator=(const AppendFile&) = delete;
    AppendFile(AppendFile&&) = delete;
    AppendFile& operator=(AppendFile&&) = delete;

    /// Throws StorageError, for instance when the disk is full.
    void append(std::string_view text);
    /// Waits until all of it is on the disk. Throws StorageError.
    void sync();

private:
    std::filesystem::path path_;
    int descriptor_;
};

/// Whether something is there; false also where that cannot be told (a loop of links, a name too long, no permission).
bool file_exists(const std::filesystem::path& path);

/// Creates the folder and its parents; throws Error (usage) if it cannot be made or written to.
void make_writable_folder(const std::filesystem::path& folder);

/// The folder the running executable lies in.
std::filesystem::path executable_folder();

/// A file of labhost's own: `beside` is its path in a build tree, from the executable's folder; `installed` its path in
/// an installation, from the folder above the executable's. The first if it exists, else the second.
std::filesystem::path installed_file(const std::filesystem::path& beside, const std::filesystem::path& installed);

/// Where find_package(labhost) finds the SDK of this labhost: the build tree, or the installation's prefix.
std::filesystem::path sdk_prefix();

/// $XDG_CACHE_HOME/labhost, or ~/.cache/labhost; empty if neither variable is set.
std::filesystem::path user_cache_folder();

/// $XDG_DATA_HOME/labhost, or ~/.local/share/labhost; empty if neither variable is set.
std::filesystem::path user_data_folder();

}  // namespace labhost
