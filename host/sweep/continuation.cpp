#include "sweep/continuation.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/keys.hpp"
#include "config/run_checks.hpp"
#include "record/fingerprint.hpp"
#include "record/run_layout.hpp"
#include "record/run_record.hpp"
#include "record/run_state.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "train/best_epoch.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// "net-epochs10-p0.5-s1" -> "net-p0.5-s1"
std::string without_epochs(std::string id) {
    constexpr std::string_view axis = "-epochs";
    const std::size_t from = id.find(axis);
    if (from == std::string::npos) return id;
    const std::size_t to = id.find_first_not_of("0123456789", from + axis.size());
    if (to == from + axis.size()) return id;
    return id.erase(from, to == std::string::npos ? to : to - from);
}

/// The fingerprint of a record's prefix; versions before there were schedules did not write it.
std::string prefix_in(const Json& record) {
    const std::string written = text_at(record, "prefix");
    const Json inputs = object_in(record, "fingerprint_of");
    if (!written.empty() || object_in(inputs, "trainer").empty()) return written;
    return fingerprint_of(prefix_inputs(inputs, RunSettings(), 0));
}

/// Whether the run leaves of these epochs what a run without interruption leaves: it would not have ended before, and
/// the best of them is there.
bool leaves_the_same(const PlannedRun& run, const Json& shorter, std::span<const EpochMetrics> epochs) {
    const TrainerSettings& trainer = run.settings.trainer;
    const auto lacks = [&](const EpochMetrics& epoch) { return !metric_of(epoch, stop_metric(trainer)); };
    if (trainer.stop && std::ranges::any_of(epochs, lacks)) return false;  // an earlier version's
    for (std::size_t done = 1; trainer.stop && done < epochs.size(); ++done)
        if (has_stopped(epochs.first(done), stop_metric(trainer), *trainer.stop)) return false;
    if (trainer.keep == Keep::last) return true;
    const Json wanted = values_of(trainer_keys(), trainer, Use::record);
    const auto same = [&](const char* key) { return text_at(wanted, key) == text_at(shorter, key); };
    const auto metric_of_stop = [](const Json& settings) { return text_at(object_in(settings, "stop"), "metric"); };
    return same("keep") && same("keep_metric") && metric_of_stop(wanted) == metric_of_stop(shorter);
}

}  // namespace

ShorterRuns::ShorterRuns(fs::path experiment, const std::unordered_set<std::string>& names)
    : experiment_(std::move(experiment)) {
    for (const std::string& name : names)
        if (const std::string digits = short_fingerprint_in(name); !digits.empty())
            names_.emplace(without_epochs(name.substr(0, name.size() - digits.size() - 1)), name);
}

ShorterRun ShorterRuns::find(const PlannedRun& run) const {
    ShorterRun longest;
    const auto [first, last] = names_.equal_range(without_epochs(run.settings.id));
    for (auto name = first; name != last; ++name) {
        const fs::path folder = experiment_ / name->second;
        const auto result = read_result(folder);
        if (!result || !result->finished || !file_exists(folder / run_file::checkpoint)) continue;
        const std::int64_t done = result->final->epoch;
        if (done >= run.settings.trainer.epochs || done <= longest.epochs) continue;
        const Json record = read_object(folder / run_file::record);
        const auto& schedule = run.settings.trainer.schedule;
        if (schedule && schedule->depends_on_the_total())
            longest.why_not = fmt::format("its schedule, {}, depends on how many epochs there are", schedule->name);
        if (prefix_in(record) != run.prefix) continue;
        const auto epochs = read_epochs(folder);
        if (std::cmp_not_equal(epochs.size(), done) || !leaves_the_same(run, object_in(record, "trainer"), epochs))
            continue;
        longest = {.folder = folder, .fingerprint = result->fingerprint, .epochs = done, .why_not = {}};
    }
    return longest;
}

}  // namespace labhost
