#include "plugin/gate.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <system_error>
#include <vector>

#define BOOST_DLL_USE_STD_FS
#include <fmt/format.h>
#include <labhost/abi.h>
#include <sys/stat.h>
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
        shell_quoted(sdk_prefix().native()));
}

/// The stamp that Boost reads from the file's symbol table, or "" if that table was stripped of it.
std::string stamp_by_boost(const PluginFile& file) {
    const auto symbols = boost::dll::library_info(file.open_path()).symbols();
    const auto stamp =
        std::ranges::find_if(symbols, [](const std::string& s) { return s.starts_with(LABHOST_PREFIX_STAMP); });
    return stamp == symbols.end() ? "" : *stamp;
}

void examine_symbols(const PluginFile& file, const ElfFile& elf, GateReport& report) {
    // What the loader goes by is the table of dynamic symbols. Boost reads the other one where there is one.
    std::vector<std::string> stamps;
    std::ptrdiff_t descriptors = 0;
    for (const ExportedSymbol& symbol : elf.exported()) {
        if (symbol.name.starts_with(LABHOST_PREFIX_STAMP)) stamps.push_back(symbol.name);
        if (symbol.name == LABHOST_PLUGIN_SYMBOL) ++descriptors;
    }
    std::string other;
    try {
        other = stamp_by_boost(file);
    } catch (const std::exception& e) {
        report.refusal = fmt::format("its symbol table cannot be read ({}); build or copy it again", e.what());
        return;
    }
    if (stamps.empty()) {
        report.refusal =
            "this shared library is no labhost plugin: it has no labhost_abi stamp; build it with "
            "labhost_add_plugin() and end its source with LABHOST_PLUGIN(...)";
        return;
    }
    report.stamp = Stamp(stamps.front());
    if (stamps.size() > 1 || (!other.empty() && other != stamps.front())) {
        report.refusal = fmt::format("it has two stamps, {} and {}; build it again, from one LABHOST_PLUGIN(...)",
                                     stamps.front(), stamps.size() > 1 ? stamps[1] : other);
        return;
    }
    if (descriptors != 1) {
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

bool anyone_may_write(const fs::path& folder) {
    struct stat status {};
    return ::stat(folder.c_str(), &status) == 0 && (status.st_mode & S_IWOTH) != 0;
}

/// Walks from the root to the file, through every link, as the kernel does; what is unsafe on the way, or an empty
/// path.
fs::path unsafe_place(const fs::path& file) {
    std::deque<fs::path> ahead;
    const fs::path whole = fs::absolute(file);
    ahead.assign(whole.begin(), whole.end());
    fs::path here;
    constexpr int most_links = 40;  // as the kernel
    for (int links = 0; !ahead.empty() && links <= most_links;) {
        const fs::path name = ahead.front();
        ahead.pop_front();
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            here = here.parent_path();
            continue;
        }
        const fs::path next = here / name;
        struct stat status {};
        if (::lstat(next.c_str(), &status) != 0) return {};  // there is nothing to load either
        const bool link = S_ISLNK(status.st_mode);
        if ((link || S_ISREG(status.st_mode)) && anyone_may_write(here)) return here;
        if (link) {
            ++links;
            std::error_code error;
            const fs::path target = fs::read_symlink(next, error);
            ahead.insert(ahead.begin(), target.begin(), target.end());
            if (target.is_absolute()) here.clear();
            continue;
        }
        if (S_ISREG(status.st_mode) && (status.st_mode & S_IWOTH) != 0) return next;
        here = next;
    }
    return {};
}

}  // namespace

GateReport examine(const PluginFile& file) {
    GateReport report;
    const ElfFile elf(file.bytes());
    report.refusal = elf.fault();
    if (report.refusal.empty()) examine_symbols(file, elf, report);
    return report;
}

std::string permission_fault(const fs::path& file) {
    const fs::path place = unsafe_place(file);
    if (place.empty()) return "";
    return fmt::format(
        "anyone may write to {0}, and so decide what labhost runs; take that right away (chmod o-w {0}), "
        "or pass --allow-insecure-plugins",
        shell_quoted(place.native()));
}

}  // namespace labhost
