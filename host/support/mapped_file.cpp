#include "support/mapped_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "support/error.hpp"
#include "support/file_descriptor.hpp"

namespace labhost {

MappedFile::MappedFile(const std::filesystem::path& path) {
    const auto fail = [&] {
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: cannot read: {}", path.native(), std::generic_category().message(errno)));
    };
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) fail();
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) return;
    void* begin = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
    if (begin == MAP_FAILED) fail();
    bytes_ = {static_cast<const std::uint8_t*>(begin), size};
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace labhost
