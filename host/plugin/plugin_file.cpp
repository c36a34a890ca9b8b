#include "plugin/plugin_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"

namespace labhost {

PluginFile::PluginFile(std::filesystem::path path)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    struct stat status {};
    if (!descriptor_) {
        fault_ = "it cannot be read; look at its permissions (ls -l)";
    } else if (::fstat(descriptor_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        fault_ = "this is no regular file";
    } else {
        try {
            bytes_ = read_file(open_path());
        } catch (const Error&) {
            fault_ = "it cannot be read; is its disk all right?";
        }
    }
    sha256_ = labhost::sha256(bytes_);
}

std::filesystem::path PluginFile::open_path() const {
    return fmt::format("/proc/{}/fd/{}", ::getpid(), descriptor_.get());
}

}  // namespace labhost
