#include "record/run_layout.hpp"

#include <fmt/format.h>

#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

std::string short_fingerprint(std::string_view fingerprint) { return std::string(fingerprint.substr(0, 8)); }

std::string run_folder_name(std::string_view id, std::string_view fingerprint) {
    return fmt::format("{}-{}", id, short_fingerprint(fingerprint));
}

std::string short_fingerprint_in(std::string_view name) {
    const std::size_t dash = name.rfind('-');
    return dash == std::string_view::npos ? std::string() : std::string(name.substr(dash + 1));
}

fs::path experiment_folder(const fs::path& runs, const std::string& experiment) { return runs / experiment; }

fs::path run_folder(const fs::path& runs, const std::string& experiment, std::string_view id,
                    std::string_view fingerprint) {
    return experiment_folder(runs, experiment) / run_folder_name(id, fingerprint);
}

bool is_run_folder(const fs::path& folder) { return file_exists(folder / run_file::record); }

bool is_checkpoint(std::string_view file_name) {
    return file_name == run_file::checkpoint || file_name == run_file::damaged_checkpoint ||
           file_name == run_file::other_gpu_checkpoint;
}

bool is_leftover(std::string_view file_name) {
    const std::size_t at = file_name.rfind(".tmp");
    return at != std::string_view::npos && at > 0 && is_digits(file_name.substr(at + 4));
}

}  // namespace labhost
