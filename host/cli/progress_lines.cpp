#include "cli/progress_lines.hpp"

#include <fmt/format.h>

#include "record/run_layout.hpp"
#include "support/console.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

/// More runs than these that were finished before are told in one line.
constexpr std::size_t listed_at_most = 20;

}  // namespace

void ProgressLines::sweep_started(const Plan& plan, std::size_t to_train, int /*jobs*/) {
    const std::size_t before = plan.runs.size() - to_train;
    finished_before_are_summed_up_ = before > listed_at_most;
    if (finished_before_are_summed_up_)
        print_line(fmt::format("{} runs finished before; --force runs them again", before));
}

void ProgressLines::run_started(const PlannedRun& run, std::size_t index, std::size_t total,
                                const std::optional<Progress>& from) {
    places_[&run] = fmt::format("[{}/{}] ", index, total);
    if (!from) return;
    const std::string batch =
        from->batch > 0
            ? fmt::format(", {}batch {}", from->pass == Pass::train ? "" : fmt::format("{} ", to_text(from->pass)),
                          from->batch)
            : "";
    print_line(fmt::format("{}  goes on from epoch {}{}", name(run), from->epoch, batch));
}

void ProgressLines::progressed(const PlannedRun&, const Progress&) {}

void ProgressLines::epoch_finished(const PlannedRun& run, const EpochMetrics& m) {
    const auto words = [](const PassMetrics& pass) {
        const std::string loss = fmt::format("{:.4f}", plain_nan(pass.loss));
        if (pass.accuracy) return fmt::format("{} {:.2f}%", loss, *pass.accuracy);
        return pass.rmse ? fmt::format("{} rmse {:.4g}", loss, plain_nan(*pass.rmse)) : loss;
    };
    const std::string validation = m.validation ? fmt::format("validation {}  ", words(*m.validation)) : "";
    print_line(fmt::format("{}  epoch {}/{}  train {}  {}test {}  {:.1f} s", name(run), m.epoch,
                           run.settings.trainer.epochs, words(m.train), validation, words(m.test), m.seconds));
}

void ProgressLines::run_paused(const PlannedRun& run) {
    print_line(
        fmt::format("{}  stopped, {}", name(run),
                    run.status == RunState::resumable ? "to go on from its checkpoint" : "without a checkpoint"));
    places_.erase(&run);
}

void ProgressLines::run_ended(const PlannedRun& run, bool was_finished) {
    if (was_finished) {
        if (!finished_before_are_summed_up_)
            print_line(fmt::format("{}  finished before; --force runs it again", run.settings.id));
    } else if (run.result && !run.result->finished) {
        print_line(fmt::format("{}  failed: {} (log: {})", name(run), printable(one_line(run.result->reason)),
                               printable((run.folder / run_file::log).native())));
    }
    places_.erase(&run);
}

void ProgressLines::message(const PlannedRun* run, std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    print_line(run == nullptr ? printable(line) : fmt::format("{} | {}", run->settings.id, printable(line)));
}

void ProgressLines::tick() {}

void ProgressLines::print_line(const std::string& line) { diagnose(fmt::format("{}\n", line)); }

std::string ProgressLines::name(const PlannedRun& run) const {
    const auto place = places_.find(&run);
    return fmt::format("{}{}", place == places_.end() ? "" : place->second, run.settings.id);
}

}  // namespace labhost
