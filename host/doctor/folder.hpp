// A folder that is meant to be read.
#pragma once

#include <filesystem>
#include <string>

namespace labhost {

struct FolderState {
    bool there = false;    ///< it can be listed
    std::string fault{};   ///< else: "it is not there", "it is no folder", "cannot be listed: Permission denied"
    bool missing = false;  ///< nothing has its name
};

FolderState state_of(const std::filesystem::path& folder);

}  // namespace labhost
