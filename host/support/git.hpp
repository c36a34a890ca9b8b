// The revision of a file in git.
#pragma once

#include <filesystem>
#include <string>

namespace labhost {

/// The commit that is checked out where `file` lies, 40 hexadecimal digits, with " and changes" behind it if the file
/// is not as it is there. "" where git is missing or does not know the file.
std::string git_revision(const std::filesystem::path& file);

}  // namespace labhost
