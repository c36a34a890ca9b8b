// The command line: how options are declared and read, and the groups that verbs share.
#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "helpers/expect_error.hpp"

namespace labhost::options_test {
namespace {

using testing::expect_error;

using Words = std::vector<std::string>;

/// What a group, or a verb's options, become when the words are read.
template <typename Options>
Options read(const Words& words) {
    Options options;
    CommandLine line("verb", "does something");
    options.declare(line);
    EXPECT_TRUE(line.read(words));
    return options;
}

template <typename Options>
void refuse(const Words& words, const std::string& message) {
    expect_error(ExitCode::usage, message, [&] { read<Options>(words); });
}

/// One option of each kind, and two arguments.
struct EachKind {
    std::string from{};
    std::string to{};
    bool fast = false;
    int count = 7;
    std::optional<int> at_once{};
    std::string name = "none";
    std::vector<int> sizes{};
    bool color = false;

    void declare(CommandLine& line) {
        line.argument("FROM", from);
        line.argument("TO", to);
        line.flag("--fast", "without care", fast);
        line.value("--count", "N", "how many", count, parse_integer);
        line.value("--at-once", "N|auto", "how many at once", at_once, parse_count_or_auto);
        line.value("--name", "NAME", "what it is called", name);
        line.list("--size", "N", "how large (repeatable)", sizes, parse_integer);
        line.color(color);
    }
};

struct AnyNumber {
    std::vector<std::string> names{};

    void declare(CommandLine& line) { line.arguments("NAME", names); }
};

TEST(CommandLine, OptionsAndArgumentsComeInAnyOrder) {
    const auto o = read<EachKind>({"--size", "3", "a", "--name=x y", "--fast", "b", "--count", "12", "--size=4"});
    EXPECT_EQ(o.from, "a");
    EXPECT_EQ(o.to, "b");
    EXPECT_TRUE(o.fast);
    EXPECT_EQ(o.count, 12);
    EXPECT_EQ(o.name, "x y");
    EXPECT_EQ(o.sizes, (std::vector{3, 4}));
}

TEST(CommandLine, WhatIsNotGivenKeepsItsValue) {
    const auto o = read<EachKind>({"a", "b"});
    EXPECT_FALSE(o.fast);
    EXPECT_EQ(o.count, 7);
    EXPECT_EQ(o.name, "none");
    EXPECT_TRUE(o.sizes.empty());
}

TEST(CommandLine, BehindTwoDashesAllAreArguments) {
    EXPECT_EQ(read<AnyNumber>({"--", "--fast", "b"}).names, (Words{"--fast", "b"}));
}

TEST(CommandLine, ArgumentsAreCounted) {
    refuse<EachKind>({}, "labhost verb: error: name the FROM (see labhost verb --help)");
    refuse<EachKind>({"a"}, "labhost verb: error: name the TO (see labhost verb --help)");
    refuse<EachKind>({"a", "b", "c"}, "labhost verb: error: 'c' is one argument too many (see labhost verb --help)");
    EXPECT_TRUE(read<AnyNumber>({}).names.empty());
    EXPECT_EQ(read<AnyNumber>({"a", "b", "c"}).names, (Words{"a", "b", "c"}));
}

TEST(CommandLine, AnUnknownOptionIsRefusedWithTheNearest) {
    refuse<EachKind>({"a", "b", "--fats"},
                     "labhost verb: error: unknown option --fats; did you mean '--fast'? (see labhost verb --help)");
    refuse<EachKind>({"a", "b", "--hlep"}, "unknown option --hlep; did you mean '--help'?");
    refuse<EachKind>({"a", "b", "--no-colour"}, "unknown option --no-colour; did you mean '--no-color'?");
    refuse<EachKind>({"a", "b", "--zzzzzz"}, "unknown option --zzzzzz (see labhost verb --help)");
}

TEST(CommandLine, OptionsAreNotAbbreviated) {
    refuse<EachKind>({"a", "b", "--fas"}, "unknown option --fas; did you mean '--fast'?");
    refuse<EachKind>({"a", "b", "-f"}, "unknown option -f");
}

TEST(CommandLine, OnlyListsAreRepeated) {
    refuse<EachKind>({"a", "b", "--count", "1", "--count", "2"}, "'--count' cannot be specified more than once");
    refuse<EachKind>({"a", "b", "--fast", "--fast"}, "'--fast' cannot be specified more than once");
}

TEST(CommandLine, AValueIsWanted) {
    refuse<EachKind>({"a", "b", "--count"}, "the required argument for option '--count' is missing");
    refuse<EachKind>({"a", "b", "--size"}, "the required argument for option '--size' is missing");
    refuse<EachKind>({"a", "b", "--fast=1"}, "option '--fast' does not take any arguments");
}

TEST(CommandLine, ABadValueIsNamedWithItsOption) {
    refuse<EachKind>({"a", "b", "--count", "x"},
                     "labhost verb: error: --count x: give an integer (see labhost verb --help)");
    refuse<EachKind>({"a", "b", "--size", "1", "--size", "y"}, "error: --size y: give an integer");
}

TEST(CommandLine, HelpIsAskedForBesideAnythingThatCouldBeRead) {
    EachKind options;
    CommandLine line("verb", "does something");
    options.declare(line);
    EXPECT_FALSE(line.read({"--help", "--count", "x", "--fast"}));
    EXPECT_FALSE(options.fast);
    EXPECT_EQ(line.synopsis(), "labhost verb FROM TO");
    EXPECT_TRUE(line.help().starts_with("labhost verb FROM TO: does something\n\nOptions:\n")) << line.help();
    for (const char* words :
         {"  --fast ", " without care\n", "  --count N ", " how many\n", "  --size N ", "--no-color", "  --help "})
        EXPECT_NE(line.help().find(words), std::string::npos) << words << " in:\n" << line.help();
}

TEST(CommandLine, ASynopsisSaysWhereAnyNumberIsTaken) {
    AnyNumber options;
    CommandLine line("verb", "does something");
    options.declare(line);
    EXPECT_EQ(line.synopsis(), "labhost verb NAME...");
    EXPECT_EQ(CommandLine("verb", "does something").synopsis(), "labhost verb");
}

TEST(CommandLine, ColorIsLeftOutByOptionAndByEnvironment) {
    ASSERT_EQ(unsetenv("NO_COLOR"), 0);
    EXPECT_TRUE(read<EachKind>({"a", "b"}).color);
    EXPECT_FALSE(read<EachKind>({"a", "b", "--no-color"}).color);
    ASSERT_EQ(setenv("NO_COLOR", "", 1), 0);
    EXPECT_TRUE(read<EachKind>({"a", "b"}).color);
    ASSERT_EQ(setenv("NO_COLOR", "1", 1), 0);
    EXPECT_FALSE(read<EachKind>({"a", "b"}).color);
    ASSERT_EQ(unsetenv("NO_COLOR"), 0);
    EXPECT_TRUE(read<AnyNumber>({"--no-color"}).names.empty());  // every verb takes it
}

TEST(CommandLine, AVerbRunsWithWhatWasRead) {
    const Verb verb = make_verb<EachKind>("verb", "does something", [](const EachKind& options) {
        return options.fast ? ExitCode::run_failed : ExitCode::ok;
    });
    CommandLine line(verb.name, verb.summary, "labhost verb a b --fast");
    const auto run = verb.prepare(line);
    EXPECT_TRUE(line.read({"a", "b", "--fast"}));
    EXPECT_EQ(run(), ExitCode::run_failed);
    EXPECT_EQ(line.typed(), "labhost verb a b --fast");
}

TEST(RunSelection, TakesAllItsOptions) {
    const auto [overrides, paths] =
        read<RunSelection>({"--only", "a*", "--set", "x=1", "--seeds=1,20", "--set", "y=2", "--plugins", "p",
                            "--plugins", "q", "--data", "d", "--runs", "r", "--device", "cuda:1"});
    EXPECT_EQ(overrides.only, Words{"a*"});
    EXPECT_EQ(overrides.set, (Words{"x=1", "y=2"}));
    EXPECT_EQ(overrides.seeds, (std::vector<std::uint64_t>{1, 20}));
    EXPECT_EQ(overrides.device, "cuda:1");
    EXPECT_EQ(paths.plugins.folders, (std::vector<std::filesystem::path>{"p", "q"}));
    EXPECT_FALSE(paths.plugins.allow_insecure);
    EXPECT_EQ(paths.data, "d");
    EXPECT_EQ(paths.runs, "r");
    EXPECT_TRUE(read<RunSelection>({"--allow-insecure-plugins"}).paths.plugins.allow_insecure);
}

TEST(RunSelection, IsEmptyAtFirst) {
    const auto [overrides, paths] = read<RunSelection>({});
    EXPECT_TRUE(overrides.set.empty() && overrides.only.empty() && overrides.seeds.empty());
    EXPECT_FALSE(overrides.device);
    EXPECT_FALSE(overrides.timeout);
    EXPECT_FALSE(paths.data);
    EXPECT_EQ(paths.runs, "runs");
}

TEST(RunSelection, MistakesAreRefused) {
    refuse<RunSelection>({"--seeds", "1,x"}, "--seeds 1,x: error: 'x' is no seed; give integers from 0 up");
    refuse<RunSelection>({"--seeds", "-1"}, "'-1' is no seed");
    refuse<RunSelection>({"--seeds", "1234567890123456789"}, "'1234567890123456789' is no seed");
    refuse<RunSelection>({"--seeds", ","}, "give integers separated by commas");
    refuse<RunSelection>({"--seeds", "1,,2"}, "--seeds 1,,2: error: give integers separated by commas");
    refuse<RunSelection>({"--device", "gpu"}, "--device gpu: error: must be auto, cpu, cuda or cuda:N");
    refuse<RunSelection>({"--plugin", "p"}, "unknown option --plugin; did you mean '--plugins'?");
}

TEST(SubmittedExperiment, TakesAFileAndItsOptions) {
    const auto submitted = read<SubmittedExperiment>({"e.toml", "--set", "experiment.name=\"x\"", "--runs", "r"});
    EXPECT_EQ(submitted.file, "e.toml");
    EXPECT_EQ(submitted.overrides.set, Words{"experiment.name=\"x\""});
    EXPECT_EQ(submitted.runs, "r");
    EXPECT_EQ(read<SubmittedExperiment>({"e.toml"}).runs, "runs");
    refuse<SubmittedExperiment>({}, "name the EXPERIMENT.toml");
    refuse<SubmittedExperiment>({"e.toml", "--seeds", "1"}, "unknown option --seeds");
}

TEST(Parsers, CountsAreIntegersFromZero) {
    EXPECT_EQ(parse_integer("0"), 0);
    EXPECT_EQ(parse_integer("999999"), 999999);
    for (const char* text : {"", "-1", "1.5", "1000000", "x", "1 "})
        EXPECT_THROW(parse_integer(text), BadValue) << text;
}

TEST(Parsers, ACountOrAutoIsAboveZero) {
    EXPECT_EQ(parse_count_or_auto("auto"), std::nullopt);
    EXPECT_EQ(parse_count_or_auto("3"), 3);
    refuse<EachKind>({"a", "b", "--at-once", "0"}, "--at-once 0: give a number of runs at once, or auto");
    refuse<EachKind>({"a", "b", "--at-once", "all"}, "--at-once all: give an integer");
}

TEST(Parsers, TimesHaveUnits) {
    EXPECT_EQ(parse_time("90s"), 90.0);
    EXPECT_EQ(parse_time("2m"), 120.0);
    EXPECT_EQ(parse_time("1h"), 3600.0);
    for (const char* text : {"", "x", "-1s", "0", "90q"}) EXPECT_THROW(parse_time(text), BadValue) << text;
}

}  // namespace
}  // namespace labhost::options_test
