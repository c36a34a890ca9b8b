#include "sweep/plan_record.hpp"

#include "record/fingerprint.hpp"
#include "support/files.hpp"

namespace labhost {

namespace {

RunRecord record_of(const Plan& plan, const PlannedRun& run) {
    RunRecord record{.experiment = plan.experiment,
                     .id = run.settings.id,
                     .model = run.settings.model,
                     .params = to_json(run.params),
                     .trainer = to_json(run.settings.trainer),
                     .data = to_json(run.settings.data),
                     .seed = run.settings.seed,
                     .fingerprint = run.fingerprint,
                     .folder = run.folder,
                     .status = run.status,
                     .reason = run.failure(),
                     .reference = run.settings.reference};
    if (run.result) {
        record.final = run.result->final;
        record.seconds = run.result->seconds;
    }
    return record;
}

}  // namespace

ExperimentRecord experiment_of(const Plan& plan) {
    return {.name = plan.experiment,
            .title = plan.title,
            .file = plan.file,
            .source = read_file(plan.file),
            .command = plan.command,
            .revision = plan.revision,
            .claims = plan.claims,
            .folder = plan.runs.front().folder.parent_path()};
}

std::vector<RunRecord> records_of(const Plan& plan, FingerprintInputs inputs) {
    std::vector<RunRecord> records;
    for (const PlannedRun& run : plan.runs) {
        records.push_back(record_of(plan, run));
        if (inputs == FingerprintInputs::included)
            records.back().fingerprint_of =
                fingerprint_inputs(run.settings, *run.plugin, run.params, *run.dataset, run.device);
    }
    return records;
}

}  // namespace labhost
