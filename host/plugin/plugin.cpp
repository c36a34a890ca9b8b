#include "plugin/plugin.hpp"

#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "plugin/engine_library.hpp"
#include "plugin/gate.hpp"
#include "plugin/verdict.hpp"
#include "support/error.hpp"
#include "support/hash.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

struct Loaded {
    boost::dll::shared_library library;
    Plugin plugin;
};

/// Never destroyed, on purpose: a library that uses LibTorch cannot be unloaded safely, not even at exit, since
/// LibTorch's own statics may still refer to it (pytorch issues 46171 and 61111).
std::map<fs::path, std::unique_ptr<Loaded>>& registry() {
    static auto& plugins = *std::make_unique<std::map<fs::path, std::unique_ptr<Loaded>>>().release();
    return plugins;
}

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
    throw Error(ExitCode::unusable, fmt::format("{}: error: {}", file.native(), why));
}

void check_pin(const fs::path& file, const std::string& sha256, const std::string& pinned) {
    if (!pinned.empty() && sha256 != pinned)
        refuse(file, fmt::format("its SHA-256 is {}, the experiment's plugin_sha256 is {}; build or fetch that file "
                                 "again, or change plugin_sha256",
                                 sha256, pinned));
}

}  // namespace

const Plugin& load_plugin(const fs::path& file_as_given, const LoadRules& rules) {
    const fs::path file = fs::absolute(file_as_given).lexically_normal();
    auto& plugins = registry();
    if (const auto found = plugins.find(file); found != plugins.end()) {
        check_pin(file, found->second->plugin.sha256, rules.sha256);
        return found->second->plugin;
    }
    if (!rules.allow_insecure)
        if (const std::string fault = permission_fault(file); !fault.empty()) refuse(file, fault);

    constexpr int patience = 5;  // for a file that is being replaced
    for (int attempt = 0; attempt < patience; ++attempt) {
        Verdict verdict = judge(file);
        check_pin(file, verdict.sha256, rules.sha256);
        if (!verdict.refusal.empty()) refuse(file, verdict.refusal);
        boost::dll::shared_library library;
        try {
            library = open_library(file);
        } catch (const Error& e) {
            refuse(file, e.what());
        }
        if (sha256_of_file(file) != verdict.sha256) continue;  // replaced meanwhile: which one was loaded?
        const auto& descriptor = library.get<const labhost_descriptor>(LABHOST_PLUGIN_SYMBOL);
        auto loaded = std::make_unique<Loaded>(
            Loaded{std::move(library), Plugin{file, std::move(verdict.sha256), Stamp(verdict.stamp), &descriptor}});
        return plugins.emplace(file, std::move(loaded)).first->second->plugin;
    }
    refuse(file, "it is being replaced again and again; try once more when its build is over");
}

}  // namespace labhost
