#include "plugin/gate.hpp"

#include <algorithm>
#include <exception>
#include <system_error>
#include <vector>

#define BOOST_DLL_USE_STD_FS
#include <fmt/format.h>
#include <labhost/abi.h>
#include <boost/dll/library_info.hpp>

#include "plugin/describe.hpp"
#include "plugin/elf_file.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

std::string rebuild_advice() {
    return fmt::format(
        "rebuild it against this host: cmake --fresh -B build -DCMAKE_PREFIX_PATH={} && cmake --build build",
        sdk_prefix().native());
}

void examine_symbols(const fs::path& file, const ElfFile& elf, GateReport& report) {
    std::vector<std::string> symbols;
    try {
        symbols = boost::dll::library_info(file).symbols();
    } catch (const std::exception& e) {
        report.refusal = fmt::format("its symbol table cannot be read ({}); build or copy it again", e.what());
        return;
    }
    const auto stamp =
        std::ranges::find_if(symbols, [](const std::string& s) { return s.starts_with(LABHOST_PREFIX_STAMP); });
    if (stamp == symbols.end()) {
        report.refusal =
            "this shared library is no labhost plugin: it has no labhost_abi stamp; build it with "
            "labhost_add_plugin() and end its source with LABHOST_PLUGIN(...)";
        return;
    }
    report.stamp = Stamp(*stamp);
    if (std::ranges::find(symbols, LABHOST_PLUGIN_SYMBOL) == symbols.end()) {
        report.refusal =
            "this plugin has a stamp but no descriptor (labhost_plugin); end its source with LABHOST_PLUGIN(...)";
        return;
    }
    // Another major version may lay out the descriptor in another way.
    if (report.stamp->sdk_major() == host_stamp().sdk_major())
        if (const auto stored = elf.descriptor()) report.description = describe(stored->descriptor);
    const auto reasons = mismatches(*report.stamp, host_stamp());
    if (!reasons.empty()) report.refusal = fmt::format("{}; {}", join(reasons, "; "), rebuild_advice());
}

bool anyone_may_write(const fs::path& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    return !error && (status.permissions() & fs::perms::others_write) != fs::perms::none;
}

}  // namespace

GateReport examine(const fs::path& file, std::string bytes) {
    GateReport report;
    const ElfFile elf(std::move(bytes));
    report.refusal = elf.fault();
    if (report.refusal.empty()) examine_symbols(file, elf, report);
    return report;
}

std::string permission_fault(const fs::path& file) {
    std::vector<fs::path> places{file, file.parent_path()};
    std::error_code error;
    if (const fs::path target = fs::canonical(file, error); !error) places.push_back(target.parent_path());
    for (const fs::path& place : places)
        if (anyone_may_write(place))
            return fmt::format(
                "anyone may write to {0}, and so decide what labhost runs; take that right away (chmod "
                "o-w {0}), or pass --allow-insecure-plugins",
                place.native());
    return "";
}

}  // namespace labhost
