#include "plugin/verdict.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <link.h>

#include "plugin/describe.hpp"
#include "plugin/elf_file.hpp"
#include "plugin/engine_library.hpp"
#include "plugin/gate.hpp"
#include "support/child.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// To be raised when a check here, at the gate or of the descriptor changes.
constexpr int checks_version = 1;
constexpr std::chrono::seconds load_limit{10};

std::string host_id() {
    return fmt::format("{} checks {} at {}", host_stamp().text(), checks_version, sdk_prefix().native());
}

fs::path cache_file(const std::string& sha256) {
    const fs::path cache = user_cache_folder();
    constexpr std::size_t enough = 8;  // hosts of one user
    return cache.empty()
               ? fs::path()
               : cache / "plugins" / fmt::format("{}-{}.json", sha256, labhost::sha256(host_id()).substr(0, enough));
}

std::optional<Verdict> recall(const std::string& sha256) {
    const fs::path file = cache_file(sha256);
    if (file.empty() || !file_exists(file)) return std::nullopt;
    try {
        const Json json = Json::parse(read_file(file));
        if (json.at("host") != host_id()) return std::nullopt;
        Verdict verdict{.sha256 = sha256,
                        .refusal = json.at("refusal").get<std::string>(),
                        .stamp = json.at("stamp").get<std::string>(),
                        .description = json.at("description")};
        for (const char* key : {"id", "version", "summary"})
            if (verdict.refusal.empty()) verdict.description.at(key).get_ref<const std::string&>();
        if (verdict.refusal.empty()) params_text(verdict.description);
        return verdict;
    } catch (const std::exception&) {
        return std::nullopt;  // a damaged entry is as good as none
    }
}

/// The cache only saves time: without it every verdict is found anew.
void remember(const Verdict& verdict) {
    const fs::path file = cache_file(verdict.sha256);
    if (file.empty()) return;
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    const Json json{{"host", host_id()},
                    {"refusal", verdict.refusal},
                    {"stamp", verdict.stamp},
                    {"description", verdict.description}};
    try {
        write_file_atomically(file, to_text(json));
    } catch (const StorageError&) {
        return;
    }
}

/// The shared libraries of this process, as paths, by the name they have without a version: "libc10.so".
std::map<std::string, std::set<std::string>> loaded_libraries() {
    std::map<std::string, std::set<std::string>> libraries;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* target) {
            const fs::path path = info->dlpi_name;
            const std::string name = path.filename().native();
            const std::size_t end = name.find(".so");
            if (end != std::string::npos)
                (*static_cast<decltype(libraries)*>(target))[name.substr(0, end)].insert(path.native());
            return 0;
        },
        &libraries);
    return libraries;
}

/// What a second copy of would split the process in two: types and registries that no longer know each other.
std::string second_copy() {
    const auto libraries = loaded_libraries();
    for (const char* name : {"libc10", "libtorch_cpu", "libtorch", "libtorch_cuda", "libstdc++", "liblabhost_sdk"}) {
        const auto found = libraries.find(name);
        if (found != libraries.end() && found->second.size() > 1)
            return fmt::format(
                "it brings a second copy of {}.so into the process ({}); link it to the host's LibTorch "
                "and SDK only, as labhost_add_plugin() does",
                name, join(std::vector(found->second.begin(), found->second.end())));
    }
    return "";
}

/// The child's part. Its messages: 'D' and its description; 'R' and why it is refused; 'L' and why, where that rests on
/// more than the file.
void probe(const PluginFile& file, const Outbox& outbox) {
    try {
        const std::filesystem::path path = file.open_path();  // named: GCC 14 takes the descriptor for a part of it
        const labhost_descriptor& descriptor = load_descriptor(path);
        const auto faults = descriptor_faults(descriptor);
        const auto stored = ElfFile(file.bytes()).descriptor();
        if (!faults.empty()) {
            outbox.send(fmt::format("R{}", join(faults, "; ")));
        } else if (!stored || describe(stored->descriptor) != describe(descriptor)) {
            outbox.send("Rits descriptor changes while it is loaded; let LABHOST_PLUGIN make it, a constant");
        }
        if (const std::string copy = second_copy(); !copy.empty()) outbox.send(fmt::format("L{}", copy));
        outbox.send(fmt::format("D{}", to_text(describe(descriptor))));
    } catch (const std::exception& e) {
        outbox.send(fmt::format("L{}", e.what()));
    }
}

/// Loads the file in a child and completes the verdict; whether it can be remembered.
bool try_loading(const PluginFile& file, Verdict& verdict) {
    engine_library();  // once, and not in every child
    bool rests_on_the_file = true;
    bool answered = false;
    const auto on_message = [&](std::string_view message) {
        const std::string words(message.substr(1));
        answered = true;
        if (message.front() == 'D') {
            verdict.description = Json::parse(words);
        } else {
            verdict.refusal = words;
            rests_on_the_file = rests_on_the_file && message.front() == 'R';
        }
    };
    const ChildEnd end = run_in_child([&](const Outbox& outbox) { probe(file, outbox); },
                                      {.limit = load_limit, .on_message = on_message});
    if (end.how == ChildEnd::How::signalled && end.code == SIGKILL) rests_on_the_file = false;  // memory ran out?
    if (end.how != ChildEnd::How::completed || !answered)
        verdict.refusal = fmt::format(
            "loading it in a child process, the child {}; look at what runs when it is "
            "loaded: constructors of static objects (labhost inspect tries again)",
            end.text());
    return rests_on_the_file;
}

/// The verdict on these bytes under the file's present name.
Verdict under_name(const fs::path& file, Verdict verdict) {
    if (!verdict.refusal.empty()) return verdict;
    const auto id = verdict.description.at("id").get<std::string>();
    if (id != file.stem().native())
        verdict.refusal = fmt::format("it says it is '{}', but the file is called {}; rename one of them", id,
                                      file.filename().native());
    return verdict;
}

}  // namespace

Verdict judge_plugin(const PluginFile& file, const LoadRules& rules) {
    Verdict verdict{.sha256 = file.sha256(), .refusal = file.fault()};
    if (!verdict.refusal.empty()) return verdict;
    std::string forbidden = rules.allow_insecure ? "" : permission_fault(file.path());
    if (forbidden.empty()) forbidden = pin_fault(verdict.sha256, rules);
    if (forbidden.empty() && !rules.fresh)
        if (auto known = recall(verdict.sha256)) return under_name(file.path(), std::move(*known));
    GateReport report = examine(file);
    verdict.refusal = report.refusal;
    verdict.stamp = report.stamp ? report.stamp->text() : "";
    verdict.description = report.description;
    if (!forbidden.empty()) {
        verdict.refusal = forbidden;
        return verdict;
    }
    const bool rests_on_the_file = !verdict.refusal.empty() || try_loading(file, verdict);
    if (rests_on_the_file && rules.remember) remember(verdict);
    return under_name(file.path(), std::move(verdict));
}

std::string pin_fault(const std::string& sha256, const LoadRules& rules) {
    if (rules.sha256.empty() || sha256 == rules.sha256) return "";
    return fmt::format(
        "its SHA-256 is {}, the experiment's plugin_sha256 is {}; build or fetch that file again, or "
        "change plugin_sha256",
        sha256, rules.sha256);
}

}  // namespace labhost
