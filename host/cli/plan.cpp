// labhost plan: what would run, what is already there, and why.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "cli/option_groups.hpp"
#include "cli/plan.hpp"
#include "cli/verb.hpp"
#include "record/run_layout.hpp"
#include "report/table.hpp"
#include "support/console.hpp"
#include "support/text.hpp"
#include "sweep/plan_words.hpp"
#include "train/device.hpp"

namespace labhost {

namespace {

std::string reason(const PlannedRun& run, bool force) {
    if (!run.duplicate_of.empty() && !force)
        return fmt::format("the same as {}, which is finished; taken from there", run.duplicate_of.filename().native());
    switch (run.status) {
        case RunState::fresh:
            if (!run.continues.folder.empty() && !force)
                return fmt::format("goes on from {}, which has {} epochs", run.continues.folder.filename().native(),
                                   run.continues.epochs);
            if (!run.continues.why_not.empty())
                return fmt::format("does not go on from a shorter run: {}", run.continues.why_not);
            return "never run with this plugin and these settings";
        case RunState::unfinished: return "begun, without a checkpoint yet; starts again";
        case RunState::resumable: return force ? "begun; --force starts it again" : "goes on from its checkpoint";
        case RunState::failed: return fmt::format("failed, is tried again: {}", run.failure());
        case RunState::finished: return force ? "finished; --force runs it again" : "finished; is not run again";
    }
    return "";
}

Json plan_json(const Plan& plan, bool force) {
    Json runs = Json::array();
    for (const PlannedRun& run : plan.runs)
        runs.push_back({{"id", run.settings.id},
                        {"fingerprint", run.fingerprint},
                        {"status", to_text(run.status)},
                        {"why", reason(run, force)},
                        {"folder", run.folder.native()},
                        {"model", run.settings.model},
                        {"params", to_json(run.params)},
                        {"seed", run.settings.seed}});
    return {{"schema", 1}, {"experiment", plan.experiment}, {"runs", runs}, {"claims", Json::array()}};
}

struct PlanOptions {
    std::string file{};
    RunSelection selection{};
    bool json = false;

    void declare(CommandLine& line) {
        line.argument("EXPERIMENT.toml", file);
        selection.declare(line);
        declare_json(line, json);
    }
};

ExitCode plan_runs(const PlanOptions& options) {
    const Plan plan = make_plan(read_experiment(options.file, options.selection.overrides), options.selection.paths);
    tell_of_unused_gpu(plan);
    warn_of(plan);
    print_plan(plan, {.json = options.json});
    return ExitCode::ok;
}

}  // namespace

void print_plan(const Plan& plan, PlanView view) {
    if (view.json) {
        fmt::print("{}", to_text(plan_json(plan, view.force)));
        return;
    }
    std::vector<std::vector<std::string>> rows;
    std::map<std::string, int> counts;
    for (const PlannedRun& run : plan.runs) {
        rows.push_back({run.settings.id, short_fingerprint(run.fingerprint), run.device.text(), to_text(run.status),
                        reason(run, view.force)});
        ++counts[to_text(run.status)];
    }
    fmt::print("{}\n", text_table({"run", "print", "device", "status", "why"}, rows, 5));
    std::vector<std::string> summary;
    for (const auto& [status, count] : counts) summary.push_back(fmt::format("{} {}", count, status));
    constexpr std::size_t shown = 5;
    const auto data = data_words(plan);
    for (std::size_t i = 0; i < std::min(data.size(), shown); ++i) fmt::print("{}\n", data[i]);
    if (data.size() > shown) fmt::print("and {} other divisions of the data\n", data.size() - shown);
    fmt::print("{} runs: {}\n", plan.runs.size(), join(summary));
}

void tell_of_unused_gpu(const Plan& plan) {
    const bool one_was_looked_for = std::ranges::any_of(
        plan.runs, [](const PlannedRun& run) { return run.settings.trainer.device == "auto" && !run.device.cuda; });
    if (!one_was_looked_for) return;
    if (const std::string& why = survey_gpus().why_none; !why.empty())
        diagnose(fmt::format("labhost: the GPU here is not used: {}\n", why));
}

void warn_of(const Plan& plan) {
    for (const std::string& warning : plan_warnings(plan)) diagnose(fmt::format("labhost: warning: {}\n", warning));
}

Verb plan_verb() { return make_verb("plan", "what would run, what is already there, and why", plan_runs); }

}  // namespace labhost
