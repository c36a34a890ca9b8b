// labhost validate: the conformance suite on one plugin or several.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "support/enum_text.hpp"
#include "support/error.hpp"
#include "support/text.hpp"
#include "validate/suite.hpp"

namespace labhost {

namespace {

using Counts = std::map<Outcome, int>;

std::uint64_t parse_seed(const std::string& text) {
    const auto seeds = parse_seeds(text, "--seed");
    if (seeds.size() != 1) refuse("validate", "--seed takes one integer");
    return seeds.front();
}

Loss parse_loss(const std::string& name) {
    const auto loss = from_text<Loss>(name);
    if (!loss) throw BadValue(fmt::format("must be {}", join(all_texts<Loss>(), " or ")));
    return *loss;
}

std::int64_t parse_columns(const std::string& text) {
    constexpr std::uint64_t most = 1'000'000;
    const auto columns = parse_count(text, most);
    if (!columns || *columns == 0) throw BadValue(fmt::format("give a whole number from 1 to {}", most));
    return static_cast<std::int64_t>(*columns);
}

std::chrono::milliseconds parse_limit(const std::string& text) {
    return std::chrono::milliseconds(std::max<std::int64_t>(1, std::llround(parse_time(text) * 1000.0)));
}

struct ValidateOptions {
    std::vector<std::string> names{};
    PluginOptions plugins{};
    std::optional<std::filesystem::path> data{};
    SuiteOptions suite{};
    bool only_failed = false;
    bool list = false;
    bool json = false;

    void declare(CommandLine& line) {
        line.arguments("PLUGIN", names);
        declare_plugins(line, plugins);
        declare_data(line, data);
        line.list("--test", "GLOB", "only tests whose name matches (repeatable)", suite.tests);
        line.flag("--only-failed", "print only what failed, crashed or timed out", only_failed);
        line.flag("--list", "list the tests and what each says", list);
        line.value("--seed", "N", "of weights, inputs and random settings (default: 1)", suite.seed, parse_seed);
        line.value("--loss", "NAME",
                   "that the models are meant for (default: the one they bring, else nll, of outputs mse)", suite.loss,
                   parse_loss);
        line.value("--targets", "N",
                   "columns of the targets of a loss that a plugin brings (default: as many as its outputs)",
                   suite.targets, parse_columns);
        line.value("--timeout", "TIME", "of each test: 90s, 2m, 1h (default: 60s)", suite.limit, parse_limit);
        declare_json(line, json);
    }
};

/// MNIST for the test `learns`, or null if it is not there.
std::unique_ptr<Dataset> find_mnist(const std::optional<std::filesystem::path>& data) {
    try {
        return std::make_unique<Dataset>(load_dataset({.dataset = "mnist"}, data));
    } catch (const Error&) {
        return nullptr;  // the test is skipped then, and says how to get it
    }
}

Json to_json(const PluginReport& report, bool only_failed) {
    Json tests = Json::array();
    for (const TestReport& test : report.tests)
        if (!only_failed || is_failure(test.result.outcome))
            tests.push_back({{"name", test.check->name},
                             {"says", test.check->says},
                             {"outcome", to_text(test.result.outcome)},
                             {"detail", test.result.detail},
                             {"seconds", test.seconds}});
    return {{"file", report.file.native()}, {"sha256", report.sha256}, {"refusal", report.refusal}, {"tests", tests}};
}

void list_tests(const std::vector<const Check*>& checks, bool json) {
    Json tests = Json::array();
    for (const Check* check : checks) tests.push_back({{"name", check->name}, {"says", check->says}});
    if (json) {
        fmt::print("{}", to_text(Json{{"schema", 1}, {"tests", tests}}));
        return;
    }
    for (const Check* check : checks) fmt::print("{:<20}{}\n", check->name, check->says);
}

void print(const TestReport& test) {
    const std::string& detail = test.result.detail;
    fmt::print("  {:<11}{:<20}{}\n", to_text(test.result.outcome), test.check->name,
               detail.empty() ? test.check->says : one_line(detail));
}

ExitCode validate_plugins(const ValidateOptions& options) {
    const auto checks = select_checks(options.suite.tests);
    if (options.list) {
        list_tests(checks, options.json);
        return ExitCode::ok;
    }
    if (options.names.empty())
        throw Error(ExitCode::usage, "labhost validate: error: name the PLUGIN, an id or a path, or several");
    const auto folders = plugin_folders(options.plugins.folders);
    std::vector<std::filesystem::path> files;
    for (const std::string& name : options.names) files.push_back(named_plugin_file(name, folders));
    const auto mnist = find_mnist(options.data);
    SuiteOptions suite = options.suite;
    suite.allow_insecure = options.plugins.allow_insecure;
    suite.mnist = mnist.get();
    Json plugins = Json::array();
    Counts counts;
    bool unusable = false;
    for (const auto& file : files) {
        if (!options.json) fmt::print("{}\n", file.native());
        const PluginReport report = validate(file, suite, [&](const TestReport& test) {
            if (!options.json && (!options.only_failed || is_failure(test.result.outcome))) print(test);
            std::fflush(stdout);
        });
        for (const TestReport& test : report.tests) ++counts[test.result.outcome];
        const bool told =
            std::ranges::any_of(report.tests, [](const TestReport& t) { return t.check->name == load_test; });
        if (!options.json && !report.refusal.empty() && !told) fmt::print("  refused: {}\n", report.refusal);
        unusable = unusable || !report.refusal.empty();
        plugins.push_back(to_json(report, options.only_failed));
    }
    int failures = 0;
    std::vector<std::string> summary;
    Json totals = Json::object();
    for (const auto& [outcome, count] : counts) {
        summary.push_back(fmt::format("{} {}", count, to_text(outcome)));
        totals[to_text(outcome)] = count;
        if (is_failure(outcome)) failures += count;
    }
    if (options.json) {
        fmt::print("{}", to_text(Json{{"schema", 1}, {"seed", suite.seed}, {"plugins", plugins}, {"totals", totals}}));
    } else {
        fmt::print("{} plugin{}: {}\n", files.size(), files.size() == 1 ? "" : "s", join(summary));
    }
    if (unusable) return ExitCode::unusable;
    return failures == 0 ? ExitCode::ok : ExitCode::run_failed;
}

}  // namespace

Verb validate_verb() { return make_verb("validate", "tests whether plugins do what a model must", validate_plugins); }

}  // namespace labhost
