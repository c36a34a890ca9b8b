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
constexpr std::initializer_list<const char*> all_files{"result.json",   "model.pt",      "predictions.json",
                                                       "checkpoint.pt", "metrics.jsonl", "log.txt",
                                                       "run.json",      "profile.txt",   "trace.json"};

}  // namespace

void RunFolder::begin(const Json& run) {
    prepare(folder_, all_files);
    metrics_.emplace(folder_ / "metrics.jsonl");
    log_.emplace(folder_ / "log.txt");
    record(run);
}

void RunFolder::record(const Json& run) { write_file_atomically(folder_ / "run.json", to_text(run)); }

void RunFolder::resume(const std::vector<EpochMetrics>& done) {
    prepare(folder_, {"result.json", "model.pt", "predictions.json"});
    metrics_.emplace(folder_ / "metrics.jsonl");
    log_.emplace(folder_ / "log.txt");
    for (const EpochMetrics& metrics : done) append(metrics);
}

bool RunFolder::adopt(const fs::path& duplicate, const Json& run) {
    std::map<fs::path, std::string> files;
    for (const char* name : {"metrics.jsonl", "log.txt", "model.pt", "predictions.json"}) {
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
    const fs::path aside = folder_ / (why == Unusable::damaged ? "checkpoint.pt.damaged" : "checkpoint.pt.other-gpu");
    std::error_code error;
    fs::rename(checkpoint(), aside, error);
    if (error)
        throw StorageError(fmt::format("{}: error: cannot rename it: {}", checkpoint().native(), error.message()));
    return aside;
}

void RunFolder::write_profile(const ProfileReport& profile) {
    write_file_atomically(folder_ / "profile.txt", profile.table);
    write_file_atomically(folder_ / "trace.json", profile.trace);
}

void RunFolder::finish(std::string_view state_dict, const Json& predictions) {
    write_file_atomically(folder_ / "model.pt", state_dict);
    write_file_atomically(folder_ / "predictions.json", predictions.dump() + "\n");
    metrics_->sync();
    log_->sync();
}

void RunFolder::close(const Result& result, std::string_view output) {
    Json json{{"status", result.finished ? "finished" : "failed"}};
    if (!result.finished) json["reason"] = result.reason;
    json["final"] = result.final ? to_json(*result.final) : Json(nullptr);
    json["timings"] = {{"seconds", result.seconds}};
    json["fingerprint"] = result.fingerprint;
    if (const auto task = own_slurm_task()) json["slurm"] = to_json(*task);
    if (!result.finished) {
        prepare(folder_, {});
        AppendFile log(folder_ / "log.txt", AppendFile::Existing::kept);
        log.append(fmt::format("failed: {}\n", result.reason));
        if (!output.empty()) log.append(fmt::format("its last output:\n{}\n", output));
        log.sync();
    }
    write_file_atomically(folder_ / "result.json", to_text(json));
}

void record_failure(const fs::path& folder, const Json& run, const std::string& reason) {
    RunFolder failed(folder);
    if (!file_exists(folder / "run.json")) failed.begin(run);
    failed.close({.finished = false,
                  .reason = reason,
                  .final = {},
                  .seconds = 0.0,
                  .fingerprint = run.at("fingerprint").get<std::string>()},
                 "");
}

std::string log_lines(const EpochMetrics& m) {
    return fmt::format(
        "Train Epoch {}\n Train set: Average loss: {:.4f}, Accuracy: {}/{} ({:.4f}%)\n\n"
        "\nTest set: Average loss: {:.4f}, Accuracy: {}/{} ({:.4f}%)\n\n",
        m.epoch, plain_nan(m.train.loss), m.train.correct, m.train.count, m.train.accuracy, plain_nan(m.test.loss),
        m.test.correct, m.test.count, m.test.accuracy);
}

std::optional<Result> read_result(const fs::path& folder) {
    const fs::path file = folder / "result.json";
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return std::nullopt;  // a pipe would keep us waiting
    try {
        const Json json = Json::parse(read_file(file));
        Result result;
        result.finished = json.at("status") == "finished";
        result.reason = json.value("reason", "");
        result.fingerprint = json.at("fingerprint").get<std::string>();
        if (!json.at("final").is_null()) result.final = metrics_from_json(json.at("final"));
        result.seconds = json.at("timings").at("seconds").get<double>();
        result.job = text_at(object_in(json, "slurm"), "job");
        if (result.finished && !result.final) return std::nullopt;
        return result;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

}  // namespace labhost
