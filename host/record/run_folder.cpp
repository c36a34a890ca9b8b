#include "record/run_folder.hpp"

#include <initializer_list>
#include <map>
#include <system_error>

#include <fmt/format.h>

#include "support/error.hpp"
#include "support/slurm_task.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// Files that were being written when a process was killed.
void remove_temporaries(const fs::path& folder, std::error_code& error) {
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        if (entry->path().extension().native().starts_with(".tmp")) fs::remove(entry->path(), error);
}

void prepare(const fs::path& folder, std::initializer_list<const char*> removed) {
    std::error_code error;
    fs::create_directories(folder, error);
    for (const char* name : removed)
        if (!error) fs::remove(folder / name, error);
    if (!error) remove_temporaries(folder, error);
    if (error)
        throw StorageError(fmt::format("{}: error: cannot prepare this folder: {}", folder.native(), error.message()));
}

// result.json goes first: from then on the run is not over.
constexpr std::initializer_list<const char*> all_files{run_file::result,     run_file::model,   run_file::predictions,
                                                       run_file::checkpoint, run_file::metrics, run_file::log,
                                                       run_file::record,     run_file::profile, run_file::trace};

}  // namespace

void RunFolder::begin(const Json& run) {
    prepare(folder_, all_files);
    metrics_.emplace(folder_ / run_file::metrics);
    log_.emplace(folder_ / run_file::log);
    record(run);
}

void RunFolder::record(const Json& run) { write_file_atomically(folder_ / run_file::record, to_text(run)); }

void RunFolder::resume(const std::vector<EpochMetrics>& done) {
    prepare(folder_, {run_file::result, run_file::model, run_file::predictions});
    metrics_.emplace(folder_ / run_file::metrics);
    log_.emplace(folder_ / run_file::log);
    for (const EpochMetrics& metrics : done) append(metrics);
}

bool RunFolder::adopt(const fs::path& duplicate, const Json& run) {
    std::map<fs::path, std::string> files;
    for (const char* name : {run_file::metrics, run_file::log, run_file::model, run_file::predictions}) {
        if (!file_exists(duplicate / name)) return false;
        files[name] = read_file(duplicate / name);
    }
    prepare(folder_, all_files);
    for (const auto& [name, content] : files) write_file_atomically(folder_ / name, content);
    record(run);
    return true;
}

void RunFolder::append(const EpochMetrics& metrics) {
    metrics_->append(to_json(metrics).dump() + "\n");
    log_->append(log_lines(metrics));
}

void RunFolder::write_checkpoint(std::string_view state) { write_file_atomically(checkpoint(), state); }

fs::path RunFolder::set_checkpoint_aside(Unusable why) {
    const fs::path aside =
        folder_ / (why == Unusable::damaged ? run_file::damaged_checkpoint : run_file::other_gpu_checkpoint);
    std::error_code error;
    fs::rename(checkpoint(), aside, error);
    if (error)
        throw StorageError(fmt::format("{}: error: cannot rename it: {}", checkpoint().native(), error.message()));
    return aside;
}

void RunFolder::write_profile(const ProfileReport& profile) {
    write_file_atomically(folder_ / run_file::profile, profile.table);
    write_file_atomically(folder_ / run_file::trace, profile.trace);
}

void RunFolder::finish(std::string_view state_dict, const Json& predictions) {
    write_file_atomically(folder_ / run_file::model, state_dict);
    write_file_atomically(folder_ / run_file::predictions, predictions.dump() + "\n");
    metrics_->sync();
    log_->sync();
}

void RunFolder::close(const Result& result, std::string_view output) {
    Json json{{"status", to_text(result.finished ? RunState::finished : RunState::failed)}};
    if (!result.finished) json["reason"] = result.reason;
    json["final"] = result.final ? to_json(*result.final) : Json(nullptr);
    if (result.kept_epoch > 0) json["kept_epoch"] = result.kept_epoch;
    json["timings"] = {{"seconds", result.seconds}};
    json["fingerprint"] = result.fingerprint;
    if (const auto task = own_slurm_task()) json["slurm"] = to_json(*task);
    if (!result.finished) {
        prepare(folder_, {});
        AppendFile log(folder_ / run_file::log, AppendFile::Existing::kept);
        log.append(fmt::format("failed: {}\n", result.reason));
        if (!output.empty()) log.append(fmt::format("its last output:\n{}\n", output));
        log.sync();
    }
    write_file_atomically(folder_ / run_file::result, to_text(json));
}

void record_failure(const fs::path& folder, const Json& run, const std::string& reason) {
    RunFolder failed(folder);
    if (!is_run_folder(folder)) failed.begin(run);
    failed.close({.finished = false,
                  .reason = reason,
                  .final = {},
                  .seconds = 0.0,
                  .fingerprint = run.at("fingerprint").get<std::string>()},
                 "");
}

std::string log_lines(const EpochMetrics& m) {
    const auto line = [](std::string_view set, const PassMetrics& pass) {
        const std::string loss = fmt::format("{} set: Average loss: {:.4f}", set, plain_nan(pass.loss));
        if (pass.rmse) return fmt::format("{}, RMSE: {:.4f}\n\n", loss, plain_nan(*pass.rmse));
        if (!pass.accuracy || !pass.correct) return fmt::format("{}\n\n", loss);
        return fmt::format("{}, Accuracy: {}/{} ({:.4f}%)\n\n", loss, *pass.correct, pass.count, *pass.accuracy);
    };
    return fmt::format("Train Epoch {}\n {}{}\n{}", m.epoch, line("Train", m.train),
                       m.validation ? fmt::format("\n{}", line("Validation", *m.validation)) : "",
                       line("Test", m.test));
}

}  // namespace labhost
