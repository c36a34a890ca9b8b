// A plugin built alone, outside the source tree, against the build tree's SDK; the README's first plugin.
#include "program.hpp"

namespace labhost {
namespace {

/// The first ```lang block of README.md that holds `marker`.
std::string readme_block(const std::string& lang, const std::string& marker) {
    const std::string readme = read_file(std::string(LABHOST_SOURCE) + "/README.md");
    for (std::size_t at = readme.find("```" + lang + "\n"); at != std::string::npos;
         at = readme.find("```" + lang + "\n", at + 1)) {
        const std::size_t begin = at + 4 + lang.size();
        const std::string block = readme.substr(begin, readme.find("```", begin) - begin);
        if (block.find(marker) != std::string::npos) return block;
    }
    ADD_FAILURE() << "README.md has no " << lang << " block with " << marker;
    return "";
}

class PluginBuild : public testing::ProgramTest {
protected:
    /// Writes the README's first plugin into `project` and builds it; the plugin's file.
    std::filesystem::path build(const std::string& project) {
        folder_.write(project + "/linear.cpp", readme_block("cpp", "LABHOST_PLUGIN"));
        folder_.write(project + "/CMakeLists.txt", readme_block("cmake", "labhost_add_plugin"));
        const auto build = folder_ / project / "build";
        for (const auto& command : {std::vector<std::string>{"cmake", "-S", project, "-B", build.native(),
                                                             "-DCMAKE_PREFIX_PATH=" LABHOST_BUILD,
                                                             "-DCMAKE_CXX_FLAGS=" LABHOST_CXX_FLAGS " -g"},
                                    std::vector<std::string>{"cmake", "--build", build.native()}}) {
            const ProcessResult result = run_process(command, {.folder = folder_.path()});
            EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
        }
        return build / "linear.so";
    }
};

TEST_F(PluginBuild, TheReadmesFirstPluginBuildsAloneAndTrains) {
    const auto plugin = build("linear");
    const ProcessResult result =
        labhost({experiment("[[run]]\nmodel = \"linear\"\n"), "--plugins", plugin.parent_path().native()});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("linear-s1"), std::string::npos) << result.out;
    const ProcessResult symbols = run_process({"nm", "-D", "--defined-only", plugin.native()});
    EXPECT_EQ(std::ranges::count(symbols.out, '\n'), 2) << "a plugin exports its stamp and its descriptor only:\n"
                                                        << symbols.out;
}

/// So a rebuild trains nothing again: a run's fingerprint holds the plugin's bytes. Even with debug information, which
/// names folders.
TEST_F(PluginBuild, TheSameSourceGivesTheSameBytesWhateverTheFolder) {
    const std::string here = read_file(build("here"));
    const std::string elsewhere = read_file(build("some/where/else"));
    EXPECT_FALSE(here.empty());
    EXPECT_TRUE(here == elsewhere);
}

}  // namespace
}  // namespace labhost
