// The command line's options.
#include <gtest/gtest.h>

#include "cli/options.hpp"
#include "cli/verbs.hpp"
#include "helpers/expect_error.hpp"

namespace labhost {
namespace {

using testing::expect_error;

Options parse(const std::vector<std::string>& arguments) { return parse_options(run_verb().syntax, arguments); }

void refuse(const std::vector<std::string>& arguments, const std::string& words) {
    expect_error(ExitCode::usage, words, [&] { parse(arguments); });
}

TEST(Options, AreReadInAnyOrder) {
    const Options o = parse({"--only",   "a*",        "e.toml", "--set",   "x=1",     "--seeds=1,20", "--set",
                             "y=2",      "--plugins", "p",      "--data",  "d",       "--runs",       "r",
                             "--device", "cuda:1",    "--json", "--quiet", "--force", "--dry-run"});
    EXPECT_EQ(o.argument, "e.toml");
    EXPECT_EQ(o.overrides.only, (std::vector<std::string>{"a*"}));
    EXPECT_EQ(o.overrides.set, (std::vector<std::string>{"x=1", "y=2"}));
    EXPECT_EQ(o.overrides.seeds, (std::vector<std::uint64_t>{1, 20}));
    EXPECT_EQ(o.overrides.device, "cuda:1");
    EXPECT_EQ(o.places.plugins.folders.at(0), "p");
    EXPECT_EQ(o.places.data, "d");
    EXPECT_EQ(o.places.runs, "r");
    EXPECT_TRUE(o.json && o.quiet && o.force && o.dry_run);
}

TEST(Options, MistakesAreRefusedWithASuggestion) {
    refuse({"e.toml", "--forse"}, "labhost run: error: unknown option --forse; did you mean '--force'?");
    refuse({"e.toml", "--seeds", "1,x"}, "'x' is no seed");
    refuse({"e.toml", "--seeds", "-1"}, "'-1' is no seed");
    refuse({"e.toml", "--seeds", ","}, "give integers separated by commas");
    refuse({"e.toml", "--seeds", "1,,2"}, "--seeds 1,,2: error: give integers separated by commas");
    refuse({"e.toml", "--device", "gpu"}, "--device gpu: error: must be auto, cpu, cuda or cuda:N");
    refuse({"e.toml", "f.toml"}, "'f.toml' is one argument too many");
    refuse({}, "name the EXPERIMENT.toml");
    refuse({"e.toml", "--set"}, "--set");
}

}  // namespace
}  // namespace labhost
