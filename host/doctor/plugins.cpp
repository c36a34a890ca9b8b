#include "doctor/plugins.hpp"

#include <chrono>
#include <map>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "doctor/ask.hpp"
#include "plugin/gate.hpp"
#include "plugin/verdict.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds limit_of_a_folder{30};
constexpr std::chrono::seconds limit_of_a_plugin{15};  // judge has ten for the load, and reads and hashes the file

/// The folders that are searched; one of --plugins that is not there is told, and left out.
std::vector<fs::path> folders_of(const PluginOptions& options, Findings& findings) {
    std::vector<fs::path> given;
    for (const fs::path& folder : options.folders) {
        try {
            plugin_folders({folder});
            given.push_back(folder);
        } catch (const Error& e) {
            findings.push_back(finding_of("plugin folder", Finding::Status::failure, e));
            findings.back().data["folder"] = folder.native();
        }
    }
    return plugin_folders(given);
}

Finding look_at_folder(const fs::path& folder) {
    std::error_code error;
    const bool there = fs::is_directory(folder, error);
    Finding finding{.name = "plugin folder", .data = {{"folder", folder.native()}, {"exists", there}, {"plugins", 0}}};
    if (!there) {
        finding.says = fmt::format("{}: {}", folder.native(),
                                   error && error != std::errc::no_such_file_or_directory ? error.message()
                                   : file_exists(folder)                                  ? "it is no folder"
                                                                                          : "not there");
        return finding;
    }
    fs::directory_iterator(folder, error);
    if (error) {
        finding.status = Finding::Status::warning;
        finding.says = fmt::format("{}: cannot be listed: {}", folder.native(), error.message());
        finding.remedy = "have its rights changed";
        return finding;
    }
    const std::size_t files = plugin_files({folder}).size();
    finding.says = fmt::format("{}: {}", folder.native(), files == 0 ? "no plugins" : files == 1 ? "1 plugin" : fmt::format("{} plugins", files));
    finding.data["plugins"] = files;
    return finding;
}

std::string inspect_command(const fs::path& file) { return fmt::format("labhost inspect {} tells all of it", shell_quoted(file.native())); }

Finding look_at_plugin(const fs::path& file, bool allow_insecure, bool torch_loads) {
    const PluginFile opened(file);
    Finding finding{.name = "plugin " + file.stem().native(), .data = {{"file", file.native()}, {"loads", false}}};
    if (torch_loads) {
        const Verdict verdict = judge(opened, {.allow_insecure = allow_insecure, .fresh = true, .remember = false});
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
        if (finding.says.empty()) finding.says = "passes the gate; not loaded, for LibTorch cannot be";
    }
    finding.status = Finding::Status::warning;
    finding.says = fmt::format("{}: {}", file.native(), finding.says);
    finding.remedy = inspect_command(file);
    return finding;
}

void look(const std::vector<fs::path>& files, const PluginOptions& options, bool torch_loads, const Tell& tell) {
    std::map<std::string, fs::path> first;  // by name: the one that is taken
    for (const fs::path& file : files) {
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
    const std::vector<fs::path> folders = folders_of(options, findings);
    for (const fs::path& folder : folders) {
        const Findings found = look_in_child({.name = "plugin folder",
                                              .if_it_fails = Finding::Status::warning,
                                              .limit = limit_of_a_folder,
                                              .remedy = fmt::format("the file system of {} does not answer: look at df and dmesg", folder.native())},
                                             [&](const Tell& tell) { tell(look_at_folder(folder)); });
        findings.insert(findings.end(), found.begin(), found.end());
    }
    const std::vector<fs::path> files = plugin_files(folders);
    if (files.empty()) {
        findings.push_back({.name = "plugins",
                            .status = Finding::Status::warning,
                            .says = "there are none in these folders",
                            .remedy = "build some (labhost new NAME), and name their folder with --plugins DIR or LABHOST_PLUGIN_PATH"});
        return findings;
    }
    // One child for all, which loads LibTorch once.
    const Findings found = look_in_child({.name = "plugins",
                                          .if_it_fails = Finding::Status::warning,
                                          .limit = limit_of_a_folder + limit_of_a_plugin * static_cast<int>(files.size()),
                                          .remedy = "the plugin behind the last one named here; labhost inspect FILE tells more"},
                                         [&](const Tell& tell) { look(files, options, torch_loads, tell); });
    findings.insert(findings.end(), found.begin(), found.end());
    return findings;
}

}  // namespace labhost
