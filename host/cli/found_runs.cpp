#include "cli/found_runs.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "record/run_layout.hpp"
#include "support/console.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/text.hpp"
#include "sweep/plan_record.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

bool is_selected(const RunRecord& run, const Overrides& overrides) {
    return overrides.only.empty() ||
           std::ranges::any_of(overrides.only, [&](const std::string& glob) { return glob_matches(glob, run.id); });
}

/// One name for a folder, however it is written.
fs::path place_of(const fs::path& folder) {
    std::error_code error;
    fs::path place = fs::weakly_canonical(folder, error);
    return error ? folder : place;
}

/// By which command an experiment was run, and from what revision, knows its folder.
void take_command(ExperimentRecord& experiment) {
    const auto recorded = read_experiment_record(experiment.folder);
    if (!recorded || recorded->source != experiment.source) return;
    experiment.command = recorded->command;
    experiment.revision = recorded->revision;
}

FoundRuns runs_in_folder(const std::string& verb, const fs::path& folder, const Overrides& overrides) {
    if (!overrides.set.empty() || !overrides.seeds.empty() || overrides.device)
        refuse(verb,
               "--set, --seeds and --device are for an EXPERIMENT.toml; choose among runs that are there with --only");
    FoundRecords records = find_records(folder);
    if (records.runs.empty()) {
        say_warnings(records.warnings);
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: no runs in this folder; name a runs folder, an experiment's folder in it, "
                                "or a run's",
                                printable(folder.native())));
    }
    std::erase_if(records.runs, [&](const RunRecord& run) { return !is_selected(run, overrides); });
    FoundRuns found{.runs = std::move(records.runs), .warnings = std::move(records.warnings)};
    if (is_run_folder(folder)) return found;  // of one run nothing can be claimed
    std::set<fs::path> experiments;
    for (const RunRecord& run : found.runs) experiments.insert(run.folder.parent_path());
    for (const fs::path& place : experiments) {
        if (auto experiment = read_experiment_record(place))
            found.experiments.push_back(std::move(*experiment));
        else if (file_exists(place / experiment_record_file))
            found.warnings.push_back(
                printable(fmt::format("{}: is damaged, so nothing is said of the experiment's claims; the "
                                      "EXPERIMENT.toml knows them too",
                                      (place / experiment_record_file).native())));
    }
    return found;
}

FoundRuns runs_of_experiment(const std::string& file, const RunSelection& selection) {
    const Plan plan = make_plan(read_experiment(file, selection.overrides), selection.paths);
    FoundRuns found{.runs = records_of(plan, FingerprintInputs::included)};
    ExperimentRecord experiment = experiment_of(plan);
    take_command(experiment);
    found.experiments.push_back(std::move(experiment));
    return found;
}

}  // namespace

std::vector<ClaimVerdict> FoundRuns::verdicts() const {
    std::vector<ClaimVerdict> all;
    for (const ExperimentRecord& experiment : experiments) {
        std::vector<RunRecord> own;
        std::ranges::copy_if(runs, std::back_inserter(own), [&](const RunRecord& run) {
            return place_of(run.folder).parent_path() == place_of(experiment.folder);
        });
        std::ranges::move(judge_claims(experiment.claims, own), std::back_inserter(all));
    }
    return all;
}

bool is_experiment_file(const std::string& name) { return name.ends_with(".toml"); }

FoundRuns find_runs(const std::string& verb, std::span<const std::string> names, const RunSelection& selection) {
    if (names.empty())
        refuse(verb, "name the RUNS: a runs folder, an experiment's or a run's folder, or an EXPERIMENT.toml");
    FoundRuns all;
    for (const std::string& name : names)
        merge(all, is_experiment_file(name) ? runs_of_experiment(name, selection)
                                            : runs_in_folder(verb, name, selection.overrides));
    return all;
}

void merge(FoundRuns& all, FoundRuns more) {
    std::set<fs::path> places;
    for (const RunRecord& run : all.runs) places.insert(place_of(run.folder));
    for (RunRecord& run : more.runs)
        if (places.insert(place_of(run.folder)).second) all.runs.push_back(std::move(run));
    for (ExperimentRecord& experiment : more.experiments)
        if (std::ranges::none_of(all.experiments, [&](const ExperimentRecord& known) {
                return place_of(known.folder) == place_of(experiment.folder);
            }))
            all.experiments.push_back(std::move(experiment));
    std::ranges::move(more.warnings, std::back_inserter(all.warnings));
}

void look_again(FoundRuns& planned) {
    for (ExperimentRecord& experiment : planned.experiments) take_command(experiment);
    for (RunRecord& run : planned.runs) {
        const auto now = find_record(run.folder, run.fingerprint);
        if (!now) continue;
        run.status = now->status;
        run.reason = now->reason;
        run.final = now->final;
        run.seconds = now->seconds;
    }
}

void say_warnings(std::span<const std::string> warnings) {
    for (const std::string& warning : warnings) diagnose(fmt::format("labhost: warning: {}\n", warning));
}

}  // namespace labhost
