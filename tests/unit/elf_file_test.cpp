// Reading a plugin's file without loading it gives what loading it gives.
#include <gtest/gtest.h>

#include "plugin/describe.hpp"
#include "plugin/elf_file.hpp"
#include "plugin/plugin.hpp"
#include "support/files.hpp"

namespace labhost::elf_file_test {
namespace {

std::filesystem::path built(const std::string& file) { return executable_folder() / file; }

TEST(ElfFile, HoldsTheDescriptorThatLoadingGives) {
    for (const char* file :
         {"plugins/net.so", "plugins/net3.so", "bad_plugins/faulty.so", "bad_plugins/stripped/net.so"}) {
        const ElfFile elf(read_file(built(file)));
        EXPECT_EQ(elf.fault(), "");
        const auto stored = elf.descriptor();
        ASSERT_NE(stored, nullptr) << file;
        const Plugin loaded = load_plugin(admit_plugin(built(file)));
        EXPECT_EQ(describe(stored->descriptor), describe(*loaded.descriptor)) << file;
        EXPECT_EQ(descriptor_faults(stored->descriptor), std::vector<std::string>{}) << file;
    }
}

TEST(ElfFile, SaysWhatIsExported) {
    const auto names = [](const std::string& file) {
        std::vector<std::string> found;
        for (const ExportedSymbol& symbol : ElfFile(read_file(built(file))).exported()) found.push_back(symbol.name);
        return found;
    };
    EXPECT_EQ(names("plugins/net.so").size(), 2U);
    const auto more = names("bad_plugins/exports_more.so");
    EXPECT_NE(std::ranges::find(more, "fixture_scale"), more.end());
    EXPECT_EQ(ElfFile(read_file(built("bad_plugins/no_plugin.so"))).descriptor(), nullptr);
}

TEST(ElfFile, SurvivesEveryTruncationAndManyDamages) {
    const std::string whole = read_file(built("plugins/net2.so"));
    for (std::size_t size = 0; size < whole.size(); size += 499) {
        const ElfFile cut(whole.substr(0, size));
        EXPECT_NE(cut.fault(), "") << size;
    }
    std::uint32_t random = 1;
    for (int i = 0; i < 500; ++i) {
        std::string damaged = whole;
        for (int k = 0; k < 8; ++k) {
            random = random * 1664525U + 1013904223U;
            damaged[(random >> 8U) % damaged.size()] = static_cast<char>(random >> 3U);
        }
        const ElfFile file(std::move(damaged));
        if (!file.fault().empty()) continue;
        if (const auto stored = file.descriptor()) describe(stored->descriptor);
    }
}

}  // namespace
}  // namespace labhost::elf_file_test
