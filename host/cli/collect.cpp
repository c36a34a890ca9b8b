// labhost collect: the results of what was submitted, as after labhost run.
#include <algorithm>

#include <fmt/format.h>

#include "analysis/claims.hpp"
#include "cli/collected.hpp"
#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "report/claims_table.hpp"
#include "report/formats.hpp"
#include "report/table.hpp"
#include "support/console.hpp"

namespace labhost {

namespace {

struct CollectOptions {
    SubmittedExperiment submitted{};
    bool json = false;

    void declare(CommandLine& line) {
        submitted.declare(line);
        declare_json(line, json);
    }
};

ExitCode collect(const CollectOptions& options) {
    const auto& [file, overrides, runs] = options.submitted;
    const SubmittedRecords records = submitted_records(runs, submitted_name(file, overrides, runs));
    if (std::ranges::count(records.runs, Standing::queued, standing_of) > 0)
        diagnose(fmt::format("labhost: not all are over yet: {}\n", records.counts_text()));
    return print_collected(records, options.json);
}

}  // namespace

ExitCode print_collected(const std::vector<RunRecord>& runs, const std::vector<Claim>& claims, bool json) {
    const auto verdicts = judge_claims(claims, runs);
    if (json) {
        fmt::print("{}", to_text(results_json(runs, verdicts_json(verdicts))));
    } else {
        fmt::print("{}", results_table(runs));
        if (!verdicts.empty()) fmt::print("\n{}", verdicts_text(verdicts));
    }
    const bool all_well =
        std::ranges::all_of(runs, [](const RunRecord& run) { return run.status == RunState::finished; });
    return all_well ? ExitCode::ok : ExitCode::run_failed;
}

ExitCode print_collected(const SubmittedRecords& records, bool json) {
    const ExitCode code = print_collected(records.runs, records.experiment.claims, json);
    for (std::size_t i = 0; i < records.runs.size(); ++i) {
        const RunRecord& run = records.runs[i];
        const bool lost = standing_of(run) == Standing::lost;
        if (!lost && run.status != RunState::failed) continue;
        diagnose(fmt::format("labhost: {} {}{}; labhost submit hands it over again\n", run.id,
                             lost ? "was not ended by its task" : "failed",
                             records.logs[i].empty() ? "" : fmt::format(" ({})", records.logs[i])));
    }
    return code;
}

Verb collect_verb() { return make_verb("collect", "the results of the submitted runs, as after labhost run", collect); }

}  // namespace labhost
