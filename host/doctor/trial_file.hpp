// A file without a name, to try a folder with: it is gone with its process, whatever happens to that.
#pragma once

#include <filesystem>
#include <string>

#include "support/file_descriptor.hpp"

namespace labhost {

class TrialFile {
public:
    /// Makes it in `folder` and writes to it.
    explicit TrialFile(const std::filesystem::path& folder);

    /// Why it could not be made or written; "" if it could.
    const std::string& fault() const { return fault_; }

    /// Locks it as RunLocks does, and has a second process try the same. "" if that was kept out, else what went wrong.
    std::string try_lock() const;

    /// Syncs file and folder. "" if that went well, else why not.
    std::string try_sync() const;

private:
    std::filesystem::path folder_;
    FileDescriptor descriptor_;
    std::string fault_;
};

}  // namespace labhost
