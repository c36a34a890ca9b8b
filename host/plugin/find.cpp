#include "plugin/find.hpp"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>

#include "config/location.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

std::vector<fs::path> plugin_folders(const std::vector<fs::path>& given) {
    std::vector<fs::path> folders;
    for (const fs::path& folder : given) {
        std::error_code ignored;
        if (!fs::is_directory(folder, ignored))
            throw Error(
                ExitCode::usage,
                fmt::format("--plugins {}: error: there is no such folder; name the one that holds the built .so files",
                            folder.native()));
        folders.push_back(folder);
    }
    if (const char* list = std::getenv("LABHOST_PLUGIN_PATH"); list != nullptr)
        for (const std::string& folder : split(list, ':')) folders.emplace_back(folder);
    folders.push_back(executable_folder() / "plugins");
    folders.push_back(executable_folder().parent_path() / "lib" / "labhost" / "plugins");
    if (const fs::path data = user_data_folder(); !data.empty()) folders.push_back(data / "plugins");
    return folders;
}

std::vector<fs::path> plugin_files(const std::vector<fs::path>& folders) {
    std::vector<fs::path> files;
    for (const fs::path& folder : folders) {
        const std::size_t first = files.size();
        std::error_code ignored;  // a folder that is not there holds no plugins
        for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
            if (entry.path().extension() == ".so" && file_exists(entry.path())) files.push_back(entry.path());
        std::sort(files.begin() + static_cast<std::ptrdiff_t>(first), files.end());
    }
    return files;
}

fs::path find_plugin_file(const std::string& id, const Location& where, const std::vector<fs::path>& folders) {
    for (const fs::path& folder : folders) {
        const fs::path file = folder / (id + ".so");
        if (file_exists(file)) return file;
    }
    std::vector<std::string> names;
    for (const fs::path& file : plugin_files(folders)) names.push_back(file.stem().native());
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    std::vector<std::string> looked_in;
    for (const fs::path& folder : folders) looked_in.push_back(folder.native());
    fail_at(where, fmt::format("unknown plugin '{}'{} ({}; looked in {}; a plugin must be built, and its build folder "
                               "named with --plugins)",
                               id, did_you_mean(id, names),
                               names.empty() ? "there are no plugins" : "there are " + join(names), join(looked_in)));
}

fs::path named_plugin_file(const std::string& name, const std::vector<fs::path>& folders) {
    if (name.find('/') == std::string::npos && !name.ends_with(".so")) return find_plugin_file(name, {name}, folders);
    if (!file_exists(name)) throw Error(ExitCode::usage, fmt::format("{}: error: there is no such file", name));
    return name;
}

}  // namespace labhost
