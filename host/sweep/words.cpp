#include "sweep/words.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "record/run_lock.hpp"
#include "support/text.hpp"

namespace labhost::words {

namespace {

std::string joined_ids(const std::vector<std::string>& ids) { return fmt::format("{}", fmt::join(ids, ", ")); }

}  // namespace

std::string not_captured(const Plugin& plugin, const std::string& why) {
    return fmt::format(
        "labhost: warning: plugin '{}': a training step cannot be captured as a CUDA graph, so its kernels "
        "are launched one by one, which is slower; {} (labhost validate {} tries again)",
        plugin.id(), why, plugin.file.native());
}

std::string waits_for_claim(const PlannedRun& run) {
    return fmt::format("labhost: {} waits: it is claimed by {}", run.settings.id, holder_of(run.folder));
}

std::string is_duplicate(const PlannedRun& run, const std::filesystem::path& of) {
    return fmt::format("{}  is the same as {}; its numbers are taken from there", run.settings.id,
                       of.filename().native());
}

std::string finished_elsewhere(const PlannedRun& run) {
    return fmt::format("{}  was finished by another process", run.settings.id);
}

std::string has_own_process(const PlannedRun& tried, const std::string& why) {
    return fmt::format("labhost: runs of plugin '{}' have a process each: the first steps of {} failed: {}",
                       tried.plugin->id(), tried.settings.id, one_line(why));
}

std::string gpu_benched(const Device& device, const std::string& name, const GpuFault& fault) {
    return fmt::format(
        "labhost: warning: {} ({}) takes no more runs of this sweep: {}; its runs go on elsewhere, if they "
        "may; `nvidia-smi` and labhost doctor say more",
        device.text(), name, one_line(fault.what()));
}

std::string gpu_crowded(const Device& device, int runs, int from_now_on, const GpuFault& fault) {
    return fmt::format(
        "labhost: warning: {} has too little memory for {} runs at once; its runs go on, at most {} at "
        "once: {}",
        device.text(), runs, from_now_on, one_line(fault.what()));
}

std::string too_large_for_gpu(const PlannedRun& run, const Device& device, const GpuFault& fault) {
    return fmt::format(
        "plugin '{}' needs more memory than {} has, though it had the GPU for itself among this sweep's "
        "runs: {}; a smaller trainer.batch_size or test_batch_size needs less, and `nvidia-smi` shows who "
        "else is on that GPU",
        run.plugin->id(), device.text(), one_line(fault.what()));
}

std::string over_its_time(const PlannedRun& run, double limit) {
    return fmt::format(
        "labhost: warning: {} was not done after its share of {:g} s (trainer.timeout) beside other runs; "
        "the process is ended",
        run.settings.id, limit);
}

std::string process_died(std::span<const std::unique_ptr<Attempt>> attempts, const ChildEnd& end, bool young) {
    std::vector<std::string> ids;
    for (const auto& attempt : attempts)
        if (!attempt->is_over()) ids.push_back(attempt->task.run->settings.id);
    ChildEnd bare = end;
    bare.output.clear();
    return fmt::format("labhost: warning: the process that trained {} {}; {}", joined_ids(ids), bare.text(),
                       young ? "they are tried again, and plugins that are new apart from them"
                             : "each of them is tried again in one of its own");
}

std::string failed_colocated(const PlannedRun& run, const std::string& reason) {
    return fmt::format("{} failed beside other runs: {}; it is tried again in a process of its own", run.settings.id,
                       reason);
}

std::string tried_again(const PlannedRun& run, const std::string& reason, int attempt, int retries) {
    return fmt::format("{} failed: {}; it is tried again ({} of {})", run.settings.id, reason, attempt, retries);
}

std::string broken_machine(std::span<const Suspect> suspects) {
    std::vector<std::string> ids;
    for (const Suspect& suspect : suspects) ids.push_back(suspect.task.run->settings.id);
    return fmt::format(
        "labhost: error: {} workers died one after another before their first batch ({}; the last: {}); "
        "that is taken for a broken machine rather than for faults of the runs, none of which is recorded "
        "as failed; if it is the plugin, labhost validate {} says so; the same command goes on",
        suspects.size(), joined_ids(ids), suspects.back().result.reason,
        suspects.back().task.run->plugin->file.native());
}

std::string stranded(std::span<const std::string> ids, const Gpus& gpus) {
    constexpr std::size_t most_named = 8;
    std::string names = join(ids.first(std::min(ids.size(), most_named)), ", ");
    if (ids.size() > most_named) names += fmt::format(" and {} more runs", ids.size() - most_named);
    return fmt::format(
        "labhost: error: {} ({}); `nvidia-smi` and labhost doctor say more; none of them is recorded as "
        "failed, and the same command goes on",
        gpus.all_are_benched() ? "no GPU is left for " + names : names + " asked for a GPU that takes no more runs",
        gpus.why_benched());
}

}  // namespace labhost::words
