#include "doctor/plugins.hpp"

#include <chrono>
#include <iterator>
#include <map>
#include <string>

#include <fmt/format.h>

#include "doctor/ask.hpp"
#include "doctor/folder.hpp"
#include "plugin/gate.hpp"
#include "plugin/verdict.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds limit_of_a_folder{30};
constexpr std::chrono::seconds limit_of_a_plugin{15};  // judge has ten for the load, and reads and hashes the file

/// `asked`: by --plugins, where the other verbs refuse what is no folder.
Finding look_at_folder(const fs::path& folder, bool asked) {
    const FolderState state = state_of(folder);
    Finding finding{.name = "plugin folder",
                    .says = fmt::format("{}: {}", folder.native(), state.fault),
                    .data = {{"folder", folder.native()}, {"exists", !state.missing}, {"plugins", 0}}};
    if (state.there) {
        const std::size_t files = plugin_files({folder}).size();
        finding.says += files == 0 ? "no plugins" : fmt::format("{} plugin{}", files, files == 1 ? "" : "s");
        finding.data["plugins"] = files;
    } else if (asked) {
        finding.status = Finding::Status::failure;
        finding.remedy = "name the folder that holds the built .so files with --plugins";
    } else if (!state.missing) {
        finding.status = Finding::Status::warning;
        finding.remedy = "have its rights changed, or LABHOST_PLUGIN_PATH";
    }
    return finding;
}

std::string inspect_command(const fs::path& file) {
    return fmt::format("labhost inspect {} tells all of it", shell_quoted(file.native()));
}

Finding look_at_plugin(const fs::path& file, bool allow_insecure, bool torch_loads) {
    const PluginFile opened(file);
    Finding finding{.name = "plugin " + file.stem().native(), .data = {{"file", file.native()}, {"loads", false}}};
    if (torch_loads) {
        const Verdict verdict =
            judge_plugin(opened, {.allow_insecure = allow_insecure, .fresh = true, .remember = false});
        finding.says = verdict.refusal;
        finding.data["sha256"] = verdict.sha256;
        finding.data["stamp"] = verdict.stamp;
        if (verdict.refusal.empty()) {
            finding.says = fmt::format("loads: {}, {}", text_at(verdict.description, "version"), file.native());
            finding.data["loads"] = true;
            return finding;
        }
    } else {
        finding.says = opened.fault();
        if (finding.says.empty() && !allow_insecure) finding.says = permission_fault(file);
        if (finding.says.empty()) finding.says = examine(opened).refusal;
        if (finding.says.empty()) finding.says = "passes the gate; not loaded: see the line of LibTorch";
    }
    finding.status = Finding::Status::warning;
    finding.says = fmt::format("{}: {}", file.native(), finding.says);
    finding.remedy = inspect_command(file);
    return finding;
}

void tell_of_plugins(const std::vector<fs::path>& folders, const PluginOptions& options, bool torch_loads,
                     const Tell& tell) {
    std::map<std::string, fs::path> first;  // by name: the one that is taken
    for (const fs::path& file : plugin_files(folders)) {
        const auto [taken, is_new] = first.emplace(file.stem().native(), file);
        if (is_new) {
            tell(look_at_plugin(file, options.allow_insecure, torch_loads));
        } else {
            tell({.name = "plugin " + file.stem().native(),
                  .says = fmt::format("{}: not used, for {} is found first", file.native(), taken->second.native()),
                  .data = {{"file", file.native()}, {"loads", Json()}}});
        }
    }
}

}  // namespace

Findings look_at_plugins(const PluginOptions& options, bool torch_loads) {
    Findings findings;
    std::vector<fs::path> folders = options.folders;
    const std::vector<fs::path> usual = plugin_folders({});
    folders.insert(folders.end(), usual.begin(), usual.end());
    std::vector<fs::path> answering;
    int files = 0;
    for (const fs::path& folder : folders) {
        const bool asked = &folder - folders.data() < std::ssize(options.folders);
        const Findings found = look_in_child(
            {.name = "plugin folder",
             .if_it_fails = Finding::Status::warning,
             .limit = limit_of_a_folder,
             .remedy = fmt::format("the file system of {} does not answer: look at df and dmesg", folder.native())},
            [&](const Tell& tell) { tell(look_at_folder(folder, asked)); });
        findings.insert(findings.end(), found.begin(), found.end());
        if (!found.front().data.contains("plugins")) continue;
        answering.push_back(folder);
        files += found.front().data.at("plugins").get<int>();
    }
    if (files == 0) {
        findings.push_back(
            {.name = "plugins",
             .status = Finding::Status::warning,
             .says = "there are none in these folders",
             .remedy =
                 "build some (labhost new NAME), and name their folder with --plugins DIR or LABHOST_PLUGIN_PATH"});
        return findings;
    }
    // One child for all, which loads LibTorch once.
    const Findings found =
        look_in_child({.name = "plugins",
                       .if_it_fails = Finding::Status::warning,
                       .limit = limit_of_a_folder + limit_of_a_plugin * files,
                       .remedy = "look at the plugin behind the last one named: labhost inspect FILE"},
                      [&](const Tell& tell) { tell_of_plugins(answering, options, torch_loads, tell); });
    findings.insert(findings.end(), found.begin(), found.end());
    return findings;
}

}  // namespace labhost
