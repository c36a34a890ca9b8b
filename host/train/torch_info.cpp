#include "train/torch_info.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>

#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/json.hpp"
#include "train/engine.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

fs::path engine_file() { return installed_file("lib/liblabhost_engine.so", "lib/labhost/liblabhost_engine.so"); }

/// Which file that is now, all links followed: another or a changed file has another text.
std::string identity(const fs::path& path) {
    struct stat status {};
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    if (error || ::stat(real.c_str(), &status) != 0) return "none";
    return fmt::format("{} {} {} {}.{:09}", real.native(), status.st_ino, status.st_size, status.st_mtim.tv_sec,
                       status.st_mtim.tv_nsec);
}

/// What decides which libraries the dynamic linker finds, besides the folders that they were found in.
std::string linkers_world() { return fmt::format("{}; {}", identity(engine_file()), identity("/etc/ld.so.cache")); }

/// With these, a library that is added somewhere can take another's place.
bool is_linker_told_otherwise() {
    return std::ranges::any_of(std::array{"LD_LIBRARY_PATH", "LD_PRELOAD"}, [](const char* name) {
        const char* value = std::getenv(name);
        return value != nullptr && *value != '\0';
    });
}

/// The paths by which LibTorch and its BLAS were found in this process, and their folders.
Json libraries() {
    Json found = Json::object();
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* target) {
            constexpr std::array<std::string_view, 6> wanted{"libtorch",    "libc10",    "libblas",
                                                             "libopenblas", "liblapack", "libmkl"};
            const std::string name = fs::path(info->dlpi_name).filename().native();
            if (std::ranges::any_of(wanted, [&](std::string_view start) { return name.starts_with(start); }))
                for (const fs::path& path : {fs::path(info->dlpi_name), fs::path(info->dlpi_name).parent_path()})
                    (*static_cast<Json*>(target))[path.native()] = identity(path);
            return 0;
        },
        &found);
    return found;
}

fs::path cache_file() {
    const fs::path cache = user_cache_folder();
    constexpr std::size_t enough = 8;  // labhosts of one user
    return cache.empty() ? cache
                         : cache / fmt::format("torch-{}.json", sha256(engine_file().native()).substr(0, enough));
}

std::optional<TorchInfo> recall() {
    const fs::path file = cache_file();
    if (file.empty() || is_linker_told_otherwise() || !file_exists(file)) return std::nullopt;
    try {
        const Json json = Json::parse(read_file(file));
        if (json.at("linker") != linkers_world() || json.at("libraries").empty()) return std::nullopt;
        for (const auto& [path, then] : json.at("libraries").items())
            if (then != identity(path)) return std::nullopt;
        return TorchInfo{json.at("version"), json.at("build"), json.at("blas")};
    } catch (const std::exception&) {
        return std::nullopt;  // a damaged entry is as good as none
    }
}

/// The cache only saves time.
void remember(const TorchInfo& info) {
    const fs::path file = cache_file();
    if (file.empty() || is_linker_told_otherwise()) return;
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    try {
        write_file_atomically(file, to_text(Json{{"linker", linkers_world()},
                                                 {"libraries", libraries()},
                                                 {"version", info.version},
                                                 {"build", info.build},
                                                 {"blas", info.blas}}));
    } catch (const StorageError&) {
        return;
    }
}

}  // namespace

const TorchInfo& torch_info() {
    static const TorchInfo info = [] {
        if (auto known = recall()) return *std::move(known);
        TorchInfo found = engine().torch_info();
        remember(found);
        return found;
    }();
    return info;
}

std::string engine_build() {
    const std::optional<TorchInfo> known = recall();
    return known ? known->build : engine().torch_info().build;
}

std::string blas_fault(const std::string& blas) {
    if (blas.find("/blas/libblas.so") != std::string::npos)
        return "LibTorch runs on the reference BLAS, many times slower than OpenBLAS; install libopenblas0-openmp";
    if (blas.starts_with("OpenBLAS") && blas.find("USE_OPENMP") == std::string::npos)
        return "this OpenBLAS is not the OpenMP variant and ignores trainer.threads, so numbers may differ from "
               "PyTorch's with that many threads; install libopenblas0-openmp and remove libopenblas0-pthread";
    return "";
}

}  // namespace labhost
