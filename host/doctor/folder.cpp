#include "doctor/folder.hpp"

#include <system_error>

#include <fmt/format.h>

namespace labhost {

namespace fs = std::filesystem;

FolderState state_of(const fs::path& folder) {
    std::error_code error;
    const fs::file_status status = fs::status(folder, error);
    if (status.type() == fs::file_type::not_found) return {.fault = "it is not there", .missing = true};
    if (error) return {.fault = fmt::format("cannot be looked at: {}", error.message())};
    if (status.type() != fs::file_type::directory) return {.fault = "it is no folder"};
    fs::directory_iterator(folder, error);
    if (error) return {.fault = fmt::format("cannot be listed: {}", error.message())};
    return {.there = true};
}

}  // namespace labhost
