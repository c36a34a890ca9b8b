#include "plugin/gate.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#define BOOST_DLL_USE_STD_FS
#include <elf.h>
#include <fmt/format.h>
#include <labhost/abi.h>
#include <boost/dll/library_info.hpp>

#include "support/error.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
    throw Error(ExitCode::unusable, fmt::format("{}: error: {}", file.native(), why));
}

#if defined(__x86_64__)
constexpr Elf64_Half this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half this_machine = EM_AARCH64;
#else
#error "name this machine's ELF number here"
#endif

/// Refuses what is not a whole ELF shared library of this machine's kind.
void check_elf(const fs::path& file) {
    if (std::error_code error; !fs::is_regular_file(file, error)) refuse(file, "this is no regular file");
    std::string bytes;
    try {
        bytes = read_file(file);
    } catch (const Error& e) {
        throw Error(ExitCode::unusable, e.what());
    }
    Elf64_Ehdr header{};
    if (bytes.size() < sizeof header || bytes.compare(0, SELFMAG, ELFMAG) != 0)
        refuse(file, "this is not a shared library");
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != this_machine)
        refuse(file, "this shared library is for another kind of machine; rebuild it on this one");
    if (header.e_type != ET_DYN) refuse(file, "this is an ELF file, but not a shared library");
    const std::size_t table_size = std::size_t{header.e_shnum} * header.e_shentsize;
    if (header.e_shoff == 0 || header.e_shoff > bytes.size() || table_size > bytes.size() - header.e_shoff)
        refuse(file, "this shared library is truncated; build or copy it again");
}

std::vector<std::string> exported_symbols(const fs::path& file) {
    try {
        return boost::dll::library_info(file).symbols();
    } catch (const std::exception& e) {
        refuse(file, fmt::format("its symbol table cannot be read ({}); build or copy it again", e.what()));
    }
}

}  // namespace

Stamp check_at_gate(const fs::path& file) {
    check_elf(file);
    const auto symbols = exported_symbols(file);
    const auto stamp =
        std::ranges::find_if(symbols, [](const std::string& s) { return s.starts_with(LABHOST_PREFIX_STAMP); });
    if (stamp == symbols.end())
        refuse(file,
               "this shared library is no labhost plugin: it has no labhost_abi stamp; build it with "
               "labhost_add_plugin() and end its source with LABHOST_PLUGIN(...)");
    if (std::ranges::find(symbols, LABHOST_PLUGIN_SYMBOL) == symbols.end())
        refuse(file,
               "this plugin has a stamp but no descriptor (labhost_plugin); end its source with LABHOST_PLUGIN(...)");
    Stamp plugin(*stamp);
    const auto reasons = mismatches(plugin, host_stamp());
    if (!reasons.empty())
        refuse(file, fmt::format("{}; rebuild it against this host: cmake -B build -DCMAKE_PREFIX_PATH={} && cmake "
                                 "--build build",
                                 join(reasons, "; "), executable_folder().native()));
    return plugin;
}

}  // namespace labhost
