// A file that is read where the operating system has it, without a copy of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace labhost {

/// Maps a whole file to be read. Who changes or cuts it meanwhile does harm: for files that are complete or absent.
class MappedFile {
public:
    /// Throws Error (usage).
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    MappedFile(MappedFile&&) = delete;
    MappedFile& operator=(MappedFile&&) = delete;

    std::span<const std::uint8_t> bytes() const { return bytes_; }

private:
    std::span<const std::uint8_t> bytes_{};
};

}  // namespace labhost
