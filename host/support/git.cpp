#include "support/git.hpp"

#include <optional>
#include <vector>

#include "support/error.hpp"
#include "support/process.hpp"

namespace labhost {

namespace {

/// What git prints; nothing if it fails.
std::optional<std::string> git(const std::filesystem::path& folder, const std::vector<std::string>& arguments) {
    std::vector<std::string> command{"git", "--no-optional-locks", "-C", folder.native()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    try {
        const ProcessResult result = run_process(command);
        if (result.exit_code != 0) return std::nullopt;
        return result.out.substr(0, result.out.find_last_not_of('\n') + 1);
    } catch (const Error&) {  // no git
        return std::nullopt;
    }
}

}  // namespace

std::string git_revision(const std::filesystem::path& file) {
    const std::filesystem::path folder = file.parent_path();
    const std::string name = file.filename().native();
    if (!git(folder, {"ls-files", "--error-unmatch", "--", name})) return "";
    const auto commit = git(folder, {"rev-parse", "HEAD"});
    const auto changes = git(folder, {"status", "--porcelain", "--", name});
    if (!commit || !changes) return "";
    return *commit + (changes->empty() ? "" : " and changes");
}

}  // namespace labhost
