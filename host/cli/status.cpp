// labhost status: how what was submitted stands.
#include <fmt/format.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "cluster/tracking.hpp"
#include "record/run_layout.hpp"
#include "report/table.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

Json status_json(const SubmittedRecords& records) {
    Json runs = Json::array();
    for (std::size_t i = 0; i < records.runs.size(); ++i) {
        const RunRecord& run = records.runs[i];
        runs.push_back({{"id", run.id},
                        {"fingerprint", run.fingerprint},
                        {"status", status_text(run)},
                        {"reason", run.reason},
                        {"folder", run.folder.native()},
                        {"log", records.logs[i]}});
    }
    return {{"schema", 1}, {"experiment", records.experiment.name}, {"runs", std::move(runs)}};
}

std::string status_table(const SubmittedRecords& records) {
    Cells cells{.header = {"run", "print", "status", "reason", "log"}, .left = 5};
    for (std::size_t i = 0; i < records.runs.size(); ++i) {
        const RunRecord& run = records.runs[i];
        cells.rows.push_back(
            {run.id, short_fingerprint(run.fingerprint), status_text(run), one_line(run.reason), records.logs[i]});
    }
    return fmt::format("{}\n{}\n", table_text(cells), records.counts_text());
}

struct StatusOptions {
    SubmittedExperiment submitted{};
    bool json = false;

    void declare(CommandLine& line) {
        submitted.declare(line);
        declare_json(line, json);
    }
};

ExitCode show_status(const StatusOptions& options) {
    const auto& [file, overrides, runs] = options.submitted;
    const SubmittedRecords records = submitted_records(runs, submitted_name(file, overrides, runs));
    fmt::print("{}", options.json ? to_text(status_json(records)) : status_table(records));
    return ExitCode::ok;
}

}  // namespace

Verb status_verb() { return make_verb("status", "how the submitted runs of the experiment stand", show_status); }

}  // namespace labhost
