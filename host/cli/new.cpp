// labhost new: a project for a plugin of one's own, from the SDK's template.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "cli/verb.hpp"
#include "plugin/find.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// Targets that CMake, LibTorch's package or the SDK's have already.
constexpr std::array taken{"all",
                           "clean",
                           "depend",
                           "edit_cache",
                           "help",
                           "install",
                           "package",
                           "test",
                           "package_source",
                           "rebuild_cache",
                           "list_install_components",
                           "torch",
                           "c10",
                           "torch_cpu",
                           "torch_cuda",
                           "c10_cuda",
                           "torch_library",
                           "caffe2",
                           "labhost",
                           "labhost_sdk",
                           "preinstall",
                           "gflags",
                           "glog",
                           "dummy",
                           "protobuf"};

void check_name(const std::string& name) {
    const auto refuse = [&](const std::string& why) {
        throw Error(ExitCode::usage, fmt::format("labhost new {}: error: {}", name, why));
    };
    const bool proper = is_file_name(name) && std::isalpha(static_cast<unsigned char>(name[0])) != 0 &&
                        name.find('.') == std::string::npos;
    if (!proper)
        refuse(
            "a plugin's name is a letter, then letters, digits, '_' and '-', at most 100 in all, as in: labhost new "
            "my-net");
    if (std::ranges::find(taken, to_lower(name)) != taken.end())
        refuse(fmt::format("CMake or LibTorch uses this name already; choose another, for instance {}-net", name));
    for (const fs::path& file : plugin_files(plugin_folders({})))
        if (file.stem() == name)
            refuse(fmt::format("there is a plugin of this name already, {}; choose another", file.native()));
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(name, ignored)))
        refuse(
            "this folder or file is there already, and nothing is overwritten; choose another name, or another folder "
            "to work in");
}

/// "my-net" -> "MyNetModel": never the name of one of LibTorch's layers.
std::string class_name(const std::string& name) {
    std::string result;
    bool start = true;
    for (const char c : name) {
        if (c != '-' && c != '_') result += start ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        start = c == '-' || c == '_';
    }
    return result + "Model";
}

std::string replaced(std::string text, const std::string& word, const std::string& by) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size()))
        text.replace(at, word.size(), by);
    return text;
}

/// How this program is called: by its name if PATH finds it so, else by its path.
std::string program() {
    const fs::path self = executable_folder() / "labhost";
    const char* path = std::getenv("PATH");
    std::error_code ignored;
    for (const std::string& folder : split(path == nullptr ? "" : path, ':'))
        if (file_exists(fs::path(folder) / "labhost"))
            return fs::equivalent(fs::path(folder) / "labhost", self, ignored) ? "labhost" : self.native();
    return self.native();
}

struct ProjectOptions {
    std::string name{};

    void declare(CommandLine& line) { line.argument("NAME", name); }
};

ExitCode make_project(const ProjectOptions& options) {
    const std::string& name = options.name;
    check_name(name);
    const fs::path source = installed_file("share/labhost/template", "share/labhost/template");
    if (!file_exists(source))
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: the template is not there; install the SDK too: cmake --install build "
                                "--component sdk",
                                source.native()));
    std::error_code error;
    if (!fs::create_directory(name, error))
        throw Error(ExitCode::usage, fmt::format("{}: error: cannot make this folder: {}", name, error.message()));
    try {
        for (const fs::directory_entry& entry : fs::directory_iterator(source)) {
            std::string text = read_file(entry.path());
            text = replaced(std::move(text), "@NAME@", name);
            text = replaced(std::move(text), "@CLASS@", class_name(name));
            text = replaced(std::move(text), "@PREFIX@", sdk_prefix().native());
            const fs::path file = fs::path(name) / replaced(entry.path().filename().native(), "NAME", name);
            write_file_atomically(file, text);
        }
    } catch (const std::exception&) {
        fs::remove_all(name, error);  // half a project helps nobody
        throw;
    }
    fmt::print(
        "{0}/ is there: {0}.cpp, {0}.toml, CMakeLists.txt, README.md. Next:\n"
        "  cd {0}\n"
        "  cmake -B build && cmake --build build\n"
        "  {1} validate build/{0}.so\n"
        "  {1} {0}.toml --plugins build\n",
        name, shell_quoted(program()));
    return ExitCode::ok;
}

}  // namespace

Verb new_verb() {
    return make_verb("new", "makes a project for a plugin of your own in the folder NAME", make_project);
}

}  // namespace labhost
