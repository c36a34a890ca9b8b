#include "sweep/schedule.hpp"

#include <algorithm>
#include <numeric>

#include "train/epoch_shape.hpp"

namespace labhost {

namespace {

constexpr double cost_of_a_test_image = 1.0 / 3.0;

/// Of an epoch, in images to train on.
struct Amounts {
    double train;
    double validation;
    double test;

    double epoch() const { return train + validation + test; }
};

Amounts work_of_an_epoch(const PlannedRun& run) {
    const EpochShape shape = epoch_shape(run.settings, *run.dataset);
    return {static_cast<double>(shape.trained), static_cast<double>(shape.validated) * cost_of_a_test_image,
            static_cast<double>(shape.tested) * cost_of_a_test_image};
}

}  // namespace

double work_of(const PlannedRun& run) {
    return static_cast<double>(run.settings.trainer.epochs) * work_of_an_epoch(run).epoch();
}

double work_done(const PlannedRun& run, const Progress& at) {
    const Amounts work = work_of_an_epoch(run);
    double done = static_cast<double>(at.epoch - 1) * work.epoch();
    if (at.pass != Pass::train) done += work.train;
    if (at.pass == Pass::test) done += work.validation;
    const auto examples = static_cast<double>(at.examples);
    return done + (at.pass == Pass::train ? examples : examples * cost_of_a_test_image);
}

void Throughput::add(const std::string& model, double work, double seconds) {
    for (Sum* sum : {&models_[model], &all_}) {
        sum->work += work;
        sum->seconds += seconds;
    }
}

double Throughput::seconds(const std::string& model, double work) const {
    const auto found = models_.find(model);
    const Sum& sum = found != models_.end() && found->second.work > 0.0 ? found->second : all_;
    return sum.work > 0.0 ? work * sum.seconds / sum.work : work;
}

std::optional<std::size_t> run_to_pause(std::span<const double> running, std::span<const double> waiting, int jobs) {
    constexpr double least_gain = 2.0;  // seconds: what is not worth a checkpoint and a new process
    if (waiting.empty() || running.size() < static_cast<std::size_t>(jobs)) return std::nullopt;
    const double left =
        std::accumulate(running.begin(), running.end(), 0.0) + std::accumulate(waiting.begin(), waiting.end(), 0.0);
    const double ideal = left / jobs;
    const double longest = std::ranges::max(waiting);
    const auto nearest_end = std::ranges::min_element(running);
    if (longest < ideal || *nearest_end + least_gain > longest) return std::nullopt;
    return static_cast<std::size_t>(nearest_end - running.begin());
}

bool can_share_a_process(const PlannedRun& one, const PlannedRun& other) {
    const TrainerSettings& a = one.settings.trainer;
    const TrainerSettings& b = other.settings.trainer;
    return one.device.text() == other.device.text() && a.device == b.device && a.threads == b.threads &&
           a.deterministic == b.deterministic && a.numerics == b.numerics && a.precision == b.precision &&
           a.timeout.has_value() == b.timeout.has_value();
}

bool gpu_takes_a_process(const GpuLoad& load, int places, int together, int waiting) {
    if (places < 1) return false;
    if (load.processes == 0) return true;
    return load.processes < load.most_processes && places >= std::min((together + 1) / 2, waiting);
}

double own_share(double seconds, std::size_t beside) {
    return seconds / static_cast<double>(std::max<std::size_t>(1, beside));
}

}  // namespace labhost
