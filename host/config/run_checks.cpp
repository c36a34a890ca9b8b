#include "config/run_checks.hpp"

#include <utility>

#include <fmt/format.h>

namespace labhost {

namespace {

constexpr const char* of_validation = "validation.loss";

void check_metric(const RunSettings& run, const std::string& metric, const Location& where, const char* key) {
    if (is_of_validation(metric) && !run.data.validates())
        fail_at(where, fmt::format("{} follows {}, and no part of the training data is kept to validate with: add "
                                   "data.validation = {{ fraction = 0.1 }}, or name another metric",
                                   key, metric));
}

}  // namespace

std::string stop_metric(const TrainerSettings& trainer) {
    return trainer.stop && trainer.stop->metric ? *trainer.stop->metric : of_validation;
}

std::string keep_metric(const TrainerSettings& trainer) {
    return trainer.keep_metric ? *trainer.keep_metric : stop_metric(trainer);
}

std::string plateau_metric(const ScheduleSettings& schedule, const DataSettings& data) {
    return schedule.metric.value_or(data.validates() ? of_validation : "train.loss");
}

void check_validates(const RunSettings& run) {
    const TrainerSettings& trainer = run.trainer;
    if (trainer.schedule && trainer.schedule->follows_a_metric())
        check_metric(run, plateau_metric(*trainer.schedule, run.data), trainer.schedule->where, "trainer.schedule");
    if (trainer.stop) check_metric(run, stop_metric(trainer), trainer.stop->where, "trainer.stop");
    if (trainer.keep == Keep::best) check_metric(run, keep_metric(trainer), trainer.keep_where, "trainer.keep");
}

void check_validates(const Claim& claim, const RunSettings& run) {
    if (claim.is_of(run.id_without_seed()) && is_of_validation(claim.metric.key) && !run.data.validates())
        fail_at(claim.where, fmt::format("the claim is on {}, and the run '{}' keeps no part of the training data to "
                                         "validate with: add data.validation = {{ fraction = 0.1 }}, or name another "
                                         "metric",
                                         claim.metric.key, run.id_without_seed()));
}

void check_run(const RunSettings& run) {
    const TrainerSettings& trainer = run.trainer;
    check_optimizer(trainer.optimizer, trainer.groups);
    if (trainer.schedule) check_schedule(*trainer.schedule, trainer.optimizer.algorithm());
    if (trainer.stop && trainer.stop->patience == 0)
        fail_at(trainer.stop->where, "trainer.stop needs patience: how many epochs without a better one");
    if (trainer.label_smoothing != 0.0 && trainer.loss != Loss::cross_entropy)
        fail_at(trainer.label_smoothing_where,
                fmt::format("trainer.label_smoothing goes with loss = \"cross_entropy\" only, not with {}",
                            to_text(trainer.loss)));
    if (run.data.class_weights.any() && !is_of_classes(trainer.loss))
        fail_at(run.data.class_weights.where,
                fmt::format("data.class_weights goes with loss = \"nll\" or \"cross_entropy\", not with {}",
                            to_text(trainer.loss)));
    if (!run.data.pos_weight.empty() && trainer.loss != Loss::bce_with_logits)
        fail_at(
            run.data.pos_weight_where,
            fmt::format("data.pos_weight goes with loss = \"bce_with_logits\", not with {}", to_text(trainer.loss)));
    for (const auto& [key, part] : {std::pair{"validation", &run.data.validation}, {"test", &run.data.test}})
        if (*part && !(*part)->count && !(*part)->fraction)
            fail_at((*part)->where,
                    fmt::format("data.{} needs count or fraction, for instance {{ fraction = 0.1 }}", key));
    if (!run.data.is_path()) check_validates(run);
}

}  // namespace labhost
