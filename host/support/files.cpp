#include "support/files.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <boost/dll/runtime_symbol_info.hpp>

#include "support/error.hpp"
#include "support/file_descriptor.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

std::string reason() { return std::generic_category().message(errno); }

[[noreturn]] void fail_to_write(const fs::path& path) {
    const char* advice = errno == ENOSPC ? "; make space on that disk and run the same command again" : "";
    throw StorageError(fmt::format("{}: error: cannot write: {}{}", path.native(), reason(), advice));
}

fs::path user_folder(const char* variable, const char* below_home) {
    if (const char* value = std::getenv(variable); value != nullptr && *value == '/')
        return fs::path(value) / "labhost";
    const char* home = std::getenv("HOME");
    return home == nullptr || *home == '\0' ? fs::path() : fs::path(home) / below_home / "labhost";
}

FileDescriptor open_file(const fs::path& path, int flags) {
    return FileDescriptor(::open(path.c_str(), flags | O_CLOEXEC, 0666));
}

}  // namespace

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

std::string read_file(const fs::path& path) {
    const FileDescriptor file = open_file(path, O_RDONLY);
    std::string content;
    std::array<char, 1 << 16> piece{};
    ssize_t count = file ? 1 : -1;
    while (count > 0) {
        count = ::read(file.get(), piece.data(), piece.size());
        if (count > 0) content.append(piece.data(), static_cast<std::size_t>(count));
        if (count < 0 && errno == EINTR) count = 1;
    }
    if (count < 0) throw Error(ExitCode::usage, fmt::format("{}: error: cannot read: {}", path.native(), reason()));
    return content;
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
    fs::path temporary = path;
    temporary += fmt::format(".tmp{}", ::getpid());
    {
        const FileDescriptor file = open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
        if (!file) fail_to_write(path);
        if (!write_all(file.get(), bytes) || ::fsync(file.get()) != 0) {
            const int error = errno;
            ::unlink(temporary.c_str());
            errno = error;
            fail_to_write(path);
        }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        const int error = errno;
        ::unlink(temporary.c_str());
        errno = error;
        fail_to_write(path);
    }
    const FileDescriptor folder =
        open_file(path.has_parent_path() ? path.parent_path() : fs::path("."), O_RDONLY | O_DIRECTORY);
    if (!folder || ::fsync(folder.get()) != 0) fail_to_write(path);
}

AppendFile::AppendFile(fs::path path, Existing existing)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(),
                         O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (existing == Existing::emptied ? O_TRUNC : 0),
                         0666)) {
    if (descriptor_ < 0) fail_to_write(path_);
}

AppendFile::~AppendFile() { ::close(descriptor_); }

void AppendFile::append(std::string_view text) {
    if (!write_all(descriptor_, text)) fail_to_write(path_);
}

void AppendFile::sync() {
    if (::fsync(descriptor_) != 0) fail_to_write(path_);
}

bool file_exists(const fs::path& path) {
    std::error_code error;
    return fs::exists(path, error);
}

void make_writable_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (std::error_code ignored; error || !fs::is_directory(folder, ignored))
        throw Error(ExitCode::usage, fmt::format("{}: error: cannot make this folder: {}; choose another with --runs",
                                                 folder.native(), error ? error.message() : "a file has its name"));
    if (::access(folder.c_str(), W_OK | X_OK) != 0)
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: cannot write into this folder: {}; choose another with --runs",
                                folder.native(), reason()));
}

fs::path executable_folder() { return {boost::dll::program_location().parent_path().string()}; }

fs::path installed_file(const fs::path& beside, const fs::path& installed) {
    fs::path file = executable_folder() / beside;
    return file_exists(file) ? file : executable_folder().parent_path() / installed;
}

fs::path sdk_prefix() {
    const fs::path folder = executable_folder();
    return file_exists(folder / "labhostConfig.cmake") ? folder : folder.parent_path();
}

fs::path user_cache_folder() { return user_folder("XDG_CACHE_HOME", ".cache"); }
fs::path user_data_folder() { return user_folder("XDG_DATA_HOME", ".local/share"); }

}  // namespace labhost
