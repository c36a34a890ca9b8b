// A plugin's file, opened once: what is hashed is what is examined and loaded, whatever takes its name meanwhile.
#pragma once

#include <filesystem>
#include <string>

#include "support/file_descriptor.hpp"

namespace labhost {

class PluginFile {
public:
    explicit PluginFile(std::filesystem::path path);

    const std::filesystem::path& path() const { return path_; }
    /// Why it cannot be read; "" if it can.
    const std::string& fault() const { return fault_; }
    const std::string& bytes() const { return bytes_; }
    const std::string& sha256() const { return sha256_; }

    /// A path that leads to this very file, in this process and its forked children, as long as this object lives. Each
    /// such path is another one, for the loader takes two files of one name for the same.
    std::filesystem::path open_path() const;

private:
    std::filesystem::path path_;
    FileDescriptor descriptor_;
    std::string fault_;
    std::string bytes_;
    std::string sha256_;
};

}  // namespace labhost
