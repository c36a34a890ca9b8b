// The working folder, and the runs folder: its file system, and whether labhost can claim, write and keep runs there.
#pragma once

#include <filesystem>
#include <string>

#include "doctor/finding.hpp"

namespace labhost {

/// What is known of the folder, from looking and from trying.
struct RunsFolder {
    std::filesystem::path asked{};      ///< absolute
    std::filesystem::path looked_at{};  ///< the same, or its nearest parent that is there
    std::string type{};                 ///< of the file system
    std::string source{};               ///< "server:/export"
    std::string locks_kept_local{};     ///< the mount option that keeps locks from other machines; ""
    std::uint64_t free = 0;             ///< bytes for this user
    std::string owner{};
    bool owned = true;          ///< by this user
    bool by_root = false;       ///< who may write whoever owns it
    std::string write_fault{};  ///< "Permission denied"; "" if a file could be written
    std::string lock_fault{};   ///< why a second process was not kept out; "" if it was
    std::string sync_fault{};
    double sync_seconds = 0.0;
    std::vector<std::string> others{};  ///< experiments in it that this user cannot write, with their owners
};

/// The words for what was found: "runs folder", "locks", "fsync".
Findings judge_runs_folder(const RunsFolder& folder);

/// Nothing, if the working folder is there.
Findings look_at_working_folder();

/// Looks at the folder and tries it, in a child; makes no folder, and leaves no file.
Findings look_at_runs_folder(const std::filesystem::path& folder);

}  // namespace labhost
