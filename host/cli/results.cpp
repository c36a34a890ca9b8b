// labhost results: the table of runs that are there already, chosen, sorted, compared, and in other formats.
#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "analysis/compare.hpp"
#include "analysis/noise.hpp"
#include "analysis/query.hpp"
#include "cli/found_runs.hpp"
#include "cli/verbs.hpp"
#include "report/claims_table.hpp"
#include "report/comparison_table.hpp"
#include "report/formats.hpp"
#include "report/noise_table.hpp"
#include "report/table.hpp"
#include "support/console.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

[[noreturn]] void refuse(const std::string& message) {
    throw Error(ExitCode::usage, fmt::format("labhost results: error: {} (see labhost results --help)", message));
}

Query query_of(const Options& options) {
    Query query{.sort = options.sort, .reverse = options.reverse, .top = options.top};
    for (const std::string& condition : options.where) query.where.emplace_back(condition);
    return query;
}

FoundRuns find_all(std::span<const std::string> names, const Options& options) {
    FoundRuns found = find_runs("results", names, options);
    say_warnings(found.warnings);
    return found;
}

std::vector<RunRecord> select(std::vector<RunRecord> runs, const Query& query) {
    const std::size_t count = runs.size();
    runs = select_runs(std::move(runs), query);
    if (runs.empty()) diagnose(fmt::format("labhost: none of {} runs was chosen\n", count));
    return runs;
}

void print_cells(const Options& options, const Json& json, const auto& cells) {
    if (options.json)
        fmt::print("{}", to_text(json));
    else if (options.csv)
        fmt::print("{}", cells_csv(cells(Digits::all)));
    else if (options.markdown)
        fmt::print("{}", cells_markdown(cells(Digits::four)));
    else
        fmt::print("{}", table_text(cells(Digits::four)));
}

ExitCode show_noise(const Options& options) {
    const auto runs = select(find_all(options.arguments, options).runs, query_of(options));
    const std::vector<MetricChoice> metrics = options.metrics.empty() ? std::vector{MetricChoice{}} : options.metrics;
    const auto floors = noise_of(configurations_of(runs), metrics);
    print_cells(options, {{"schema", 1}, {"noise", noise_json(floors)}},
                [&](Digits digits) { return noise_cells(floors, digits); });
    return ExitCode::ok;
}

bool names_runs(const std::string& argument) {
    std::error_code error;
    return is_experiment_file(argument) || std::filesystem::is_directory(argument, error);
}

/// The configurations of one side, each of another id.
Side side_of(const std::string& name, std::span<const RunRecord> runs) {
    Side side{name, configurations_of(runs)};
    for (const Configuration& configuration : side.configurations) {
        const auto same = std::ranges::count(side.configurations, configuration.id, &Configuration::id);
        if (same > 1)
            refuse(
                fmt::format("--compare: {} has {} configurations called {}: name an experiment's folder or file, or "
                            "choose with --where",
                            name, same, configuration.id));
    }
    return side;
}

/// The configuration that is called `name`: "net3", or "q4/net3" where several experiments have one.
Side side_of_configuration(const std::string& name, std::span<const RunRecord> runs) {
    std::vector<Configuration> fitting;
    std::vector<std::string> names;
    for (const Configuration& configuration : configurations_of(runs)) {
        const std::string full = fmt::format("{}/{}", configuration.experiment, configuration.id);
        names.push_back(configuration.id);
        if (name == configuration.id || name == full || name == configuration.label) fitting.push_back(configuration);
    }
    if (fitting.empty())
        refuse(fmt::format("--compare {}: neither a folder nor a configuration of these runs{}", name,
                           did_you_mean(name, names)));
    if (fitting.size() > 1)
        refuse(fmt::format("--compare {}: there are several: {} and {}; name one of these", name, fitting[0].label,
                           fitting[1].label));
    return {name, fitting};
}

/// A B are RUNS, or configurations of the RUNS that stand beside them (else of --runs).
Comparisons compare_arguments(const Options& options, std::span<const MetricChoice> metrics) {
    std::vector<std::string> places;
    std::vector<std::string> names;
    for (const std::string& argument : options.arguments) (names_runs(argument) ? places : names).push_back(argument);
    const Query query = query_of(options);
    const auto runs_of = [&](std::span<const std::string> of) { return select(find_all(of, options).runs, query); };
    if (names.empty() && places.size() == 2) {
        const auto runs_of_a = runs_of(std::span(places).first(1));
        const auto runs_of_b = runs_of(std::span(places).last(1));
        const Side a = side_of(places[0], runs_of_a);
        const Side b = side_of(places[1], runs_of_b);
        return compare(a, b, metrics);
    }
    if (names.size() != 2)
        refuse("--compare takes two RUNS, or two configurations and the RUNS they are of: --compare net3 net4 runs/q4");
    if (places.empty()) places.push_back(options.places.runs.native());
    const auto runs = runs_of(places);
    const Side a = side_of_configuration(names[0], runs);
    const Side b = side_of_configuration(names[1], runs);
    return compare(a, b, metrics);
}

ExitCode show_comparison(const Options& options) {
    const std::vector<MetricChoice> usual{
        {.key = "test.accuracy"}, {.key = "test.loss"}, {.key = "train.accuracy"}, {.key = "train.loss"}};
    const Comparisons comparisons = compare_arguments(options, options.metrics.empty() ? usual : options.metrics);
    print_cells(options, comparison_json(comparisons),
                [&](Digits digits) { return comparison_cells(comparisons, digits); });
    if (comparisons.rows.empty()) diagnose("labhost: the two have no configuration in common\n");
    return ExitCode::ok;
}

ExitCode show_results(const Options& options) {
    if (int{options.json} + int{options.csv} + int{options.markdown} > 1)
        refuse("--json, --csv and --markdown: choose one");
    if (options.noise && options.compare) refuse("--noise and --compare: choose one");
    if (options.noise) return show_noise(options);
    if (options.compare) return show_comparison(options);
    const Query query = query_of(options);
    FoundRuns all = find_all(options.arguments, options);
    const auto verdicts = all.verdicts();
    const auto runs = select(std::move(all.runs), query);
    if (options.json) {
        fmt::print("{}", to_text(results_json(runs, verdicts_json(verdicts))));
    } else if (options.csv) {
        fmt::print("{}", results_csv(runs));
    } else if (options.markdown) {
        fmt::print("{}", results_markdown(runs, query.keys()));
    } else {
        fmt::print("{}", results_table(runs, query.keys()));
        if (!verdicts.empty()) fmt::print("\n{}", verdicts_text(verdicts));
    }
    return ExitCode::ok;
}

}  // namespace

Verb results_verb() {
    return {{.verb = "results",
             .argument = "RUNS...",
             .summary = "how runs compare that are there already (RUNS: a folder, or an EXPERIMENT.toml)",
             .selects_runs = true,
             .plugins = true,
             .data = true,
             .json = true,
             .queries = true},
            show_results};
}

}  // namespace labhost
