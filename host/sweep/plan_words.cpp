#include "sweep/plan_words.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "config/run_checks.hpp"
#include "support/files.hpp"
#include "support/text.hpp"
#include "train/epoch_shape.hpp"

namespace labhost {

namespace {

void add_once(std::vector<std::string>& all, std::string text) {
    if (std::ranges::find(all, text) == all.end()) all.push_back(std::move(text));
}

/// 55000 -> "55,000"
std::string with_commas(std::int64_t number) {
    if (number < 1000) return fmt::format("{}", number);
    return fmt::format("{},{:03}", with_commas(number / 1000), number % 1000);
}

/// Which of the run's settings chooses among epochs by test data; "" if none does.
std::string chosen_by_test_data(const RunSettings& run) {
    const TrainerSettings& trainer = run.trainer;
    const auto is_of_test = [](const std::string& metric) { return metric.starts_with("test."); };
    if (trainer.stop && is_of_test(stop_metric(trainer))) return "trainer.stop";
    if (trainer.keep == Keep::best && is_of_test(keep_metric(trainer))) return "trainer.keep";
    const auto& schedule = trainer.schedule;
    if (schedule && schedule->follows_a_metric() && is_of_test(plateau_metric(*schedule, run.data)))
        return "trainer.schedule";
    return "";
}

/// The epoch of a claim that some of its runs do not reach: not refused, since a trial may be shorter.
void warn_of_short_runs(const Claim& claim, const Plan& plan, std::vector<std::string>& warnings) {
    if (claim.metric.when != MetricChoice::When::epoch) return;
    for (const PlannedRun& run : plan.runs) {
        const std::string_view id = run.settings.id_without_seed();
        if (claim.is_of(id) && run.settings.trainer.epochs < claim.metric.epoch)
            add_once(warnings, fmt::format("the claim at {} is on {}, and '{}' has {} epochs: it stays undecided",
                                           claim.where.text(), claim.metric.text(), id, run.settings.trainer.epochs));
    }
}

/// Classes that the test data have and the training data lack, or the other way round.
void warn_of_other_classes(const Dataset& data, std::vector<std::string>& warnings) {
    const auto classes = static_cast<std::size_t>(std::max(data.train.largest_label, data.test.largest_label)) + 1;
    const auto those_of = [&](const Split& split) {
        std::vector<bool> there(classes);
        for (const std::int64_t label : split.labels) there[static_cast<std::size_t>(label)] = true;
        return there;
    };
    const std::vector<bool> trained = those_of(data.train);
    const std::vector<bool> tested = those_of(data.test);
    const auto warn = [&](const std::vector<bool>& of, const std::vector<bool>& in, const char* words) {
        for (std::size_t label = 0; label < classes; ++label)
            if (of[label] && !in[label])
                return add_once(warnings, fmt::format("{}: class {} {}", data.name, label, words));
    };
    warn(tested, trained, "is tested, and no example of it is there to train on");
    warn(trained, tested, "is trained on, and no example of it is there to test with");
}

/// By what its file refers to: the names of LibTorch's classes and functions.
bool normalizes_batches(const Plugin& plugin) {
    const std::string bytes = read_file(plugin.file);
    return bytes.find("BatchNorm") != std::string::npos || bytes.find("batch_norm") != std::string::npos;
}

}  // namespace

std::vector<std::string> data_words(const Plan& plan) {
    std::vector<std::string> words;
    std::set<std::tuple<const Dataset*, std::int64_t, std::int64_t, std::int64_t, std::int64_t>> said;
    for (const PlannedRun& run : plan.runs) {
        const EpochShape shape = epoch_shape(run.settings, *run.dataset);
        if (!said.emplace(run.dataset, shape.trained, shape.validated, shape.tested, shape.steps).second) continue;
        const std::string validation =
            shape.validated > 0 ? fmt::format("{} to validate, ", with_commas(shape.validated)) : "";
        words.push_back(fmt::format("{}: {} to train, {}{} to test; {} steps an epoch; {}", run.dataset->name,
                                    with_commas(shape.trained), validation, with_commas(shape.tested),
                                    with_commas(shape.steps), size_text(run.dataset->size())));
    }
    return words;
}

std::vector<std::string> plan_warnings(const Plan& plan) {
    std::vector<std::string> warnings;
    std::map<const Plugin*, bool> normalizes;
    for (const PlannedRun& run : plan.runs) {
        if (const std::string key = chosen_by_test_data(run.settings); !key.empty())
            add_once(warnings,
                     fmt::format("{} chooses by test data, which then tell nothing of new data: keep a part of the "
                                 "training data for it (data.validation)",
                                 key));
        const OptimizerSettings& optimizer = run.settings.trainer.optimizer;
        if (optimizer.name == "sgd" && !optimizer.written.has("momentum"))
            add_once(warnings,
                     "trainer.optimizer names sgd without a momentum: that is torch's, 0, where labhost before "
                     "there were other optimizers took 0.5; momentum = 0 says that it is meant");
        const bool ends_with_one =
            run.settings.trainer.batch_size > 1 && epoch_shape(run.settings, *run.dataset).last_batch == 1;
        if (ends_with_one && !normalizes.contains(run.plugin)) normalizes[run.plugin] = normalizes_batches(*run.plugin);
        if (ends_with_one && normalizes[run.plugin])
            add_once(warnings, fmt::format("the last batch of an epoch has one example, with which the batch "
                                           "normalisation of plugin '{}' may fail: data.drop_last = true leaves it out",
                                           run.plugin->id()));
    }
    for (const auto& [key, data] : plan.datasets) {
        if (!data) continue;
        if (data->train.outputs == 0) warn_of_other_classes(*data, warnings);
        if (!data->left_out.empty())
            add_once(warnings, fmt::format("{} of the files of {} cannot be decoded and are left out: {}{}",
                                           data->left_out.size(), data->name, printable(data->left_out.front()),
                                           data->left_out.size() == 1 ? "" : ", ..."));
    }
    for (const Claim& claim : plan.claims) warn_of_short_runs(claim, plan, warnings);
    for (const Claim& claim : plan.claims)
        if (claim.metric.when == MetricChoice::When::best && claim.metric.key.starts_with("test.") &&
            std::ranges::any_of(plan.runs, [](const PlannedRun& run) { return !run.settings.data.validates(); }))
            add_once(warnings,
                     fmt::format("{} of a claim chooses each run's epoch by the test data that judge it, and makes "
                                 "false claims likely: keep a part of the training data for it (data.validation)",
                                 claim.metric.text()));
    return warnings;
}

}  // namespace labhost
