// labhost results: the table of runs that are there already, chosen, sorted, compared, and in other formats.
#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "analysis/compare.hpp"
#include "analysis/noise.hpp"
#include "analysis/query.hpp"
#include "cli/found_runs.hpp"
#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "report/claims_table.hpp"
#include "report/comparison_table.hpp"
#include "report/formats.hpp"
#include "report/noise_table.hpp"
#include "report/table.hpp"
#include "support/console.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

[[noreturn]] void refuse_this(const std::string& message) { labhost::refuse("results", message); }

std::string parse_key(const std::string& key) {
    if (key.empty()) refuse_this("--sort takes a key");
    return key;
}

std::size_t parse_top(const std::string& text) {
    const std::size_t top = parse_count(text, 999'999'999).value_or(0);
    if (top == 0) throw BadValue("give a number from 1 up");
    return top;
}

MetricChoice parse_known_metric(const std::string& text) {
    const auto metric = parse_metric(text);
    if (!metric)
        throw BadValue(fmt::format("give one of {}, and behind it @3 for an epoch or @best{}", join(metric_names()),
                                   did_you_mean(text, metric_names())));
    return *metric;
}

struct ResultsOptions {
    std::vector<std::string> names{};
    RunSelection selection{};
    Query query{};
    bool csv = false;
    bool markdown = false;
    bool noise = false;
    bool compare = false;
    std::vector<MetricChoice> metrics{};  ///< of noise and compare; none: their own choice
    bool json = false;

    void declare(CommandLine& line) {
        line.arguments("RUNS", names);
        selection.declare(line);
        line.list("--where", "COND",
                  "only runs for which this holds, as in 'params.p<=0.5' (= != < <= > >=, ~ for a glob; repeatable)",
                  query.where);
        line.value("--sort", "KEY",
                   "id, model, seed, status, seconds, experiment, params.X, trainer.X, data.X, or a metric: "
                   "test.accuracy",
                   query.sort, parse_key);
        line.flag("--reverse", "the other way round", query.reverse);
        line.value("--top", "N", "only the first N", query.top, parse_top);
        line.flag("--csv", "a row for each run, for other programs", csv);
        line.flag("--markdown", "the table in Markdown", markdown);
        line.flag("--noise", "how a metric spreads over seeds, and what difference so many seeds can resolve", noise);
        line.flag("--compare", "two of RUNS, or two configurations (net3 net4), side by side: differences over seeds",
                  compare);
        line.list("--metric", "METRIC",
                  "for --noise and --compare: test.accuracy, test.loss@best, train.loss@3, seconds, ... (repeatable)",
                  metrics, parse_known_metric);
        declare_json(line, json);
    }
};

FoundRuns find_all(std::span<const std::string> names, const RunSelection& selection) {
    FoundRuns found = find_runs("results", names, selection);
    say_warnings(found.warnings);
    return found;
}

std::vector<RunRecord> select(std::vector<RunRecord> runs, const Query& query) {
    const std::size_t count = runs.size();
    runs = select_runs(std::move(runs), query);
    if (runs.empty()) diagnose(fmt::format("labhost: none of {} runs was chosen\n", count));
    return runs;
}

void print_cells(const ResultsOptions& options, const Json& json, const auto& cells) {
    if (options.json)
        fmt::print("{}", to_text(json));
    else if (options.csv)
        fmt::print("{}", cells_csv(cells(Digits::all)));
    else if (options.markdown)
        fmt::print("{}", cells_markdown(cells(Digits::four)));
    else
        fmt::print("{}", table_text(cells(Digits::four)));
}

ExitCode show_noise(const ResultsOptions& options) {
    const auto runs = select(find_all(options.names, options.selection).runs, options.query);
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
            refuse_this(
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
        refuse_this(fmt::format("--compare {}: neither a folder nor a configuration of these runs{}", name,
                                did_you_mean(name, names)));
    if (fitting.size() > 1)
        refuse_this(fmt::format("--compare {}: there are several: {} and {}; name one of these", name, fitting[0].label,
                                fitting[1].label));
    return {name, fitting};
}

/// A B are RUNS, or configurations of the RUNS that stand beside them (else of --runs).
Comparisons compare_arguments(const ResultsOptions& options, std::span<const MetricChoice> metrics) {
    std::vector<std::string> places;
    std::vector<std::string> names;
    for (const std::string& argument : options.names) (names_runs(argument) ? places : names).push_back(argument);
    const auto runs_of = [&](std::span<const std::string> of) {
        return select(find_all(of, options.selection).runs, options.query);
    };
    if (names.empty() && places.size() == 2) {
        const auto runs_of_a = runs_of(std::span(places).first(1));
        const auto runs_of_b = runs_of(std::span(places).last(1));
        const Side a = side_of(places[0], runs_of_a);
        const Side b = side_of(places[1], runs_of_b);
        return compare(a, b, metrics);
    }
    if (names.size() != 2)
        refuse_this(
            "--compare takes two RUNS, or two configurations and the RUNS they are of: --compare net3 net4 runs/q4");
    if (places.empty()) places.push_back(options.selection.paths.runs.native());
    const auto runs = runs_of(places);
    const Side a = side_of_configuration(names[0], runs);
    const Side b = side_of_configuration(names[1], runs);
    return compare(a, b, metrics);
}

ExitCode show_comparison(const ResultsOptions& options) {
    const std::vector<MetricChoice> usual{
        {.key = "test.accuracy"}, {.key = "test.loss"}, {.key = "train.accuracy"}, {.key = "train.loss"}};
    const Comparisons comparisons = compare_arguments(options, options.metrics.empty() ? usual : options.metrics);
    print_cells(options, comparison_json(comparisons),
                [&](Digits digits) { return comparison_cells(comparisons, digits); });
    if (comparisons.rows.empty()) diagnose("labhost: the two have no configuration in common\n");
    return ExitCode::ok;
}

ExitCode show_results(const ResultsOptions& options) {
    if (!options.metrics.empty() && !options.noise && !options.compare)
        refuse_this("--metric goes with --noise or --compare");
    if (int{options.json} + int{options.csv} + int{options.markdown} > 1)
        refuse_this("--json, --csv and --markdown: choose one");
    if (options.noise && options.compare) refuse_this("--noise and --compare: choose one");
    if (options.noise) return show_noise(options);
    if (options.compare) return show_comparison(options);
    FoundRuns all = find_all(options.names, options.selection);
    const auto verdicts = all.verdicts();
    const auto runs = select(std::move(all.runs), options.query);
    if (options.json) {
        fmt::print("{}", to_text(results_json(runs, verdicts_json(verdicts))));
    } else if (options.csv) {
        fmt::print("{}", results_csv(runs));
    } else if (options.markdown) {
        fmt::print("{}", results_markdown(runs, options.query.keys()));
    } else {
        fmt::print("{}", results_table(runs, options.query.keys()));
        if (!verdicts.empty()) fmt::print("\n{}", verdicts_text(verdicts));
    }
    return ExitCode::ok;
}

}  // namespace

Verb results_verb() {
    return make_verb("results", "how runs compare that are there already (RUNS: a folder, or an EXPERIMENT.toml)",
                     show_results);
}

}  // namespace labhost
