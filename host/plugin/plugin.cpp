#include "plugin/plugin.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "plugin/engine_library.hpp"
#include "support/error.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

std::map<fs::path, Plugin>& registry() {
    static std::map<fs::path, Plugin> plugins;
    return plugins;
}

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
    throw Error(ExitCode::unusable, fmt::format("{}: error: {}", file.native(), why));
}

}  // namespace

const Plugin& admit_plugin(const fs::path& file_as_given, const LoadRules& rules) {
    const fs::path file = fs::absolute(file_as_given).lexically_normal();
    if (const auto found = registry().find(file); found != registry().end()) {
        if (const std::string fault = pin_fault(found->second.sha256, rules); !fault.empty()) refuse(file, fault);
        return found->second;
    }
    const auto opened = std::make_shared<const PluginFile>(file);
    const Verdict verdict = judge_plugin(*opened, rules);
    if (!verdict.refusal.empty()) refuse(file, verdict.refusal);
    std::shared_ptr<const StoredDescriptor> stored = ElfFile(opened->bytes()).descriptor();
    if (!stored) refuse(file, "its descriptor cannot be read; build it again with labhost_add_plugin()");
    return registry()
        .emplace(file, Plugin{.file = file,
                              .sha256 = verdict.sha256,
                              .stamp = Stamp(verdict.stamp),
                              .descriptor = &stored->descriptor,
                              .opened = opened,
                              .stored = stored})
        .first->second;
}

Plugin load_plugin(const Plugin& admitted) {
    Plugin loaded = admitted;
    try {
        loaded.descriptor = &load_descriptor(admitted.opened->open_path());
    } catch (const Error& e) {
        refuse(admitted.file, e.what());
    }
    return loaded;
}

}  // namespace labhost
