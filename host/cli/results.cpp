// labhost results: the table of runs that are there already, chosen, sorted, and in other formats.
#include <algorithm>
#include <iterator>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "cli/verbs.hpp"
#include "report/claims.hpp"
#include "report/formats.hpp"
#include "report/query.hpp"
#include "report/table.hpp"
#include "support/console.hpp"
#include "support/text.hpp"
#include "sweep/plan_record.hpp"

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

bool is_selected(const RunRecord& run, const Overrides& overrides) {
    return overrides.only.empty() ||
           std::ranges::any_of(overrides.only, [&](const std::string& glob) { return glob_matches(glob, run.id); });
}

std::vector<RunRecord> runs_in_folder(const std::filesystem::path& folder, const Overrides& overrides) {
    if (!overrides.set.empty() || !overrides.seeds.empty() || overrides.device)
        refuse("--set, --seeds and --device are for an EXPERIMENT.toml; choose among runs that are there with --where");
    FoundRecords found = find_records(folder);
    for (const std::string& warning : found.warnings) diagnose(fmt::format("labhost: warning: {}\n", warning));
    if (found.runs.empty())
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: no runs in this folder; name a runs folder, an experiment's folder in it, "
                                "or a run's",
                                printable(folder.native())));
    std::erase_if(found.runs, [&](const RunRecord& run) { return !is_selected(run, overrides); });
    return found.runs;
}

struct Found {
    std::vector<RunRecord> runs{};
    std::vector<ClaimVerdict> verdicts{};  ///< on the claims of the experiments' files
};

std::vector<RunRecord> runs_of_experiment(const std::string& file, const Options& options,
                                          std::vector<ClaimVerdict>& verdicts) {
    const Plan plan = make_plan(read_experiment(file, options.overrides), options.places);
    std::vector<RunRecord> runs = records_of(plan);
    std::ranges::move(judge(plan.claims, runs), std::back_inserter(verdicts));
    return runs;
}

/// Of all arguments, each run once.
Found find_all(const Options& options) {
    if (options.arguments.empty())
        refuse("name the RUNS: a runs folder, an experiment's or a run's folder, or an EXPERIMENT.toml");
    Found all;
    std::set<std::filesystem::path> seen;
    for (const std::string& name : options.arguments) {
        auto runs = name.ends_with(".toml")
                        ? runs_of_experiment(name, options, all.verdicts)
                        : runs_in_folder(name, options.overrides);
        for (RunRecord& run : runs) {
            std::error_code error;
            const auto place = std::filesystem::weakly_canonical(run.folder, error);
            if (seen.insert(error ? run.folder : place).second) all.runs.push_back(std::move(run));
        }
    }
    return all;
}

ExitCode show_results(const Options& options) {
    if (int{options.json} + int{options.csv} + int{options.markdown} > 1)
        refuse("--json, --csv and --markdown: choose one");
    const Query query = query_of(options);
    Found all = find_all(options);
    const std::size_t count = all.runs.size();
    const auto runs = select_runs(std::move(all.runs), query);
    if (runs.empty()) diagnose(fmt::format("labhost: none of {} runs was chosen\n", count));
    if (options.json) {
        fmt::print("{}", to_text(results_json(runs, verdicts_json(all.verdicts))));
    } else if (options.csv) {
        fmt::print("{}", results_csv(runs));
    } else if (options.markdown) {
        fmt::print("{}", results_markdown(runs, query.keys()));
    } else {
        fmt::print("{}", results_table(runs, query.keys()));
        if (!all.verdicts.empty()) fmt::print("\n{}", verdicts_text(all.verdicts));
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
