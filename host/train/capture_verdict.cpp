#include "train/capture_verdict.hpp"

#include <exception>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "plugin/stamp.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/json.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// To be raised by a change of what the trainer captures.
constexpr int captures_version = 1;

std::string valid_for(const std::string& gpu) {
    return fmt::format("{}+{} on {}, captures {}", host_stamp().field("torch"), host_stamp().field("build"), gpu,
                       captures_version);
}

fs::path cache_file(const std::string& steps, const std::string& gpu) {
    const fs::path cache = user_cache_folder();
    constexpr std::size_t enough = 8;
    return cache.empty()
               ? cache
               : cache / "captures" / fmt::format("{}-{}.json", steps, sha256(valid_for(gpu)).substr(0, enough));
}

}  // namespace

std::string captured_steps(const std::string& sha256, Loss loss) {
    return loss == Loss::model ? sha256 + "-own-loss" : sha256;
}

std::optional<CaptureVerdict> recall_capture(const std::string& steps, const std::string& gpu) {
    const fs::path file = cache_file(steps, gpu);
    if (file.empty() || !file_exists(file)) return std::nullopt;
    try {
        const Json json = Json::parse(read_file(file));
        if (json.at("for") != valid_for(gpu)) return std::nullopt;
        return CaptureVerdict{json.at("captured").get<bool>(), json.at("why").get<std::string>()};
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

void remember_capture(const std::string& steps, const std::string& gpu, const CaptureVerdict& verdict) {
    const fs::path file = cache_file(steps, gpu);
    if (file.empty()) return;
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    try {
        write_file_atomically(
            file, to_text(Json{{"for", valid_for(gpu)}, {"captured", verdict.captured}, {"why", verdict.why}}));
    } catch (const StorageError&) {
        return;
    }
}

}  // namespace labhost
