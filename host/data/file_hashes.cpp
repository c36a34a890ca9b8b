#include "data/file_hashes.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>
#include <sys/stat.h>

#include "support/child.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/parallel.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t hash_digits = 64;  ///< of a hash

/// "SIZE MODIFIED CHANGED INODE NAME", as a line of the memory has it after the hash.
std::string text_of(const StampedFile& file) {
    return fmt::format("{} {} {} {} {}", file.size, file.modified, file.changed, file.inode, file.name);
}

/// One for each folder; empty: there is no place for it.
fs::path memory_of(const fs::path& folder) {
    const fs::path cache = user_cache_folder();
    return cache.empty() ? fs::path() : cache / "hashes" / sha256(folder.native()).substr(0, 32);
}

/// What is remembered: text, and from there the hash by the stamp.
class Memory {
public:
    explicit Memory(const fs::path& file) {
        if (file.empty() || !file_exists(file)) return;
        try {
            text_ = read_file(file);
        } catch (const Error&) {
            return;  // it only saves time
        }
        for (std::string_view rest = text_; rest.size() > hash_digits + 1;) {
            const std::string_view line = rest.substr(0, rest.find('\n'));
            if (line.size() > hash_digits + 1 && line.size() < rest.size())  // whole, with its end
                hashes_.emplace(line.substr(hash_digits + 1), line.substr(0, hash_digits));
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        }
    }
    /// "" of what is not known.
    std::string_view find(const std::string& stamp) const {
        const auto found = hashes_.find(stamp);
        return found == hashes_.end() ? std::string_view() : found->second;
    }

private:
    std::string text_{};
    std::unordered_map<std::string_view, std::string_view> hashes_{};
};

/// By a child, since this process starts no threads.
std::vector<std::string> read_and_hash(const fs::path& folder, const std::vector<const StampedFile*>& files) {
    std::vector<std::string> hashes(files.size());
    const auto body = [&](const Outbox& outbox) {
        try {
            on_all_cores(files.size(), [&](std::size_t i) { hashes[i] = sha256(read_file(folder / files[i]->name)); });
            outbox.send(join(hashes, ""));
        } catch (const std::exception& e) {
            outbox.send(fmt::format("!{}", e.what()));
        }
    };
    std::string said;
    const ChildEnd end =
        run_in_child(body, {.capture_output = false, .on_message = [&](std::string_view message) { said = message; }});
    if (said.starts_with('!')) throw Error(ExitCode::usage, said.substr(1));
    if (said.size() != files.size() * hash_digits)
        throw Error(ExitCode::usage, fmt::format("{}: error: cannot be read: the child process that reads its files {}",
                                                 folder.native(), end.text()));
    for (std::size_t i = 0; i < hashes.size(); ++i) hashes[i] = said.substr(i * hash_digits, hash_digits);
    return hashes;
}

void remember(const fs::path& memory, std::span<const StampedFile> files, const std::vector<std::string>& hashes) {
    if (memory.empty()) return;
    std::string text;
    for (std::size_t i = 0; i < files.size(); ++i)
        if (files[i].is_settled() && files[i].name.find('\n') == std::string::npos)
            text += fmt::format("{} {}\n", hashes[i], text_of(files[i]));
    std::error_code error;
    fs::create_directories(memory.parent_path(), error);
    try {
        write_file_atomically(memory, text);
    } catch (const StorageError&) {
        return;  // it only saves time
    }
}

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

StampedFile stamp_of(const fs::path& folder, std::string name) {
    struct stat status {};
    const fs::path path = folder / name;
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        throw Error(ExitCode::usage, fmt::format("{}: error: is no file that can be read; remove it, or mend it (a "
                                                 "link that leads nowhere?)",
                                                 path.native()));
    return {.name = std::move(name),
            .size = static_cast<std::uint64_t>(status.st_size),
            .modified = nanoseconds(status.st_mtim),
            .changed = nanoseconds(status.st_ctim),
            .inode = status.st_ino,
            .seen = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count()};
}

bool StampedFile::is_settled() const {
    constexpr std::int64_t tick = 2'000'000'000;
    return std::max(modified, changed) + tick < seen;
}

std::string read_as_hashed(const fs::path& folder, const StampedFile& file, const std::string& sha256) {
    const fs::path path = folder / file.name;
    std::string bytes = read_file(path);
    const bool same =
        file.is_settled() ? text_of(stamp_of(folder, file.name)) == text_of(file) : labhost::sha256(bytes) == sha256;
    if (!same)
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: it changes while it is read; run the same command again", path.native()));
    return bytes;
}

std::vector<std::string> sha256_of_files(const fs::path& folder, std::span<const StampedFile> files) {
    const fs::path file = memory_of(folder);
    const Memory memory(file);
    std::vector<std::string> hashes(files.size());
    std::vector<const StampedFile*> unknown;
    for (std::size_t i = 0; i < files.size(); ++i) {
        hashes[i] = memory.find(text_of(files[i]));
        if (hashes[i].empty()) unknown.push_back(&files[i]);
    }
    if (unknown.empty()) return hashes;
    std::vector<std::string> found = read_and_hash(folder, unknown);
    for (std::size_t i = 0, next = 0; i < hashes.size(); ++i)
        if (hashes[i].empty()) hashes[i] = std::move(found[next++]);
    remember(file, files, hashes);
    return hashes;
}

}  // namespace labhost
