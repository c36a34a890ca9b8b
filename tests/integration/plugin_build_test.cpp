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

using PluginBuild = testing::ProgramTest;

TEST_F(PluginBuild, TheReadmesFirstPluginBuildsAloneAndTrains) {
    folder_.write("linear/linear.cpp", readme_block("cpp", "LABHOST_PLUGIN"));
    folder_.write("linear/CMakeLists.txt", readme_block("cmake", "labhost_add_plugin"));
    const auto build = folder_ / "linear" / "build";
    for (const auto& command :
         {std::vector<std::string>{"cmake", "-S", "linear", "-B", build.native(), "-DCMAKE_PREFIX_PATH=" LABHOST_BUILD,
                                   "-DCMAKE_CXX_FLAGS=" LABHOST_CXX_FLAGS},
          std::vector<std::string>{"cmake", "--build", build.native()}}) {
        const ProcessResult result = run_process(command, {.folder = folder_.path()});
        ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
    }
    const ProcessResult result = labhost({experiment("[[run]]\nmodel = \"linear\"\n"), "--plugins", build.native()});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("linear-s1"), std::string::npos) << result.out;
    const ProcessResult symbols = run_process({"nm", "-D", "--defined-only", (build / "linear.so").native()});
    EXPECT_EQ(std::ranges::count(symbols.out, '\n'), 2) << "a plugin exports its stamp and its descriptor only:\n"
                                                        << symbols.out;
}

}  // namespace
}  // namespace labhost
