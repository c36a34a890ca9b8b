#include "record/run_folder.hpp"

#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// Makes `folder` empty of what a run writes. result.json goes first: from then on the run is not over.
fs::path prepare(fs::path folder) {
    constexpr std::array names{"result.json", "model.pt", "checkpoint.pt", "metrics.jsonl", "log.txt", "run.json"};
    std::error_code error;
    fs::create_directories(folder, error);
    for (const char* name : names)
        if (!error) fs::remove(folder / name, error);
    if (error)
        throw StorageError(fmt::format("{}: error: cannot prepare this folder: {}", folder.native(), error.message()));
    return folder;
}

}  // namespace

RunFolder::RunFolder(fs::path folder, const Json& run)
    : folder_(prepare(std::move(folder))), metrics_(folder_ / "metrics.jsonl"), log_(folder_ / "log.txt") {
    write_file_atomically(folder_ / "run.json", to_text(run));
}

void RunFolder::append(const EpochMetrics& metrics) {
    metrics_.append(to_json(metrics).dump() + "\n");
    log_.append(log_lines(metrics));
}

void RunFolder::write_model(std::string_view state_dict) { write_file_atomically(folder_ / "model.pt", state_dict); }

void RunFolder::close(const Result& result) {
    Json json{{"status", result.finished ? "finished" : "failed"}};
    if (!result.finished) json["reason"] = result.reason;
    json["final"] = result.final ? to_json(*result.final) : Json(nullptr);
    json["timings"] = {{"seconds", result.seconds}};
    json["fingerprint"] = result.fingerprint;
    if (!result.finished) log_.append(fmt::format("failed: {}\n", result.reason));
    metrics_.sync();
    log_.sync();
    write_file_atomically(folder_ / "result.json", to_text(json));
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
    if (!file_exists(file)) return std::nullopt;
    try {
        const Json json = Json::parse(read_file(file));
        Result result;
        result.finished = json.at("status") == "finished";
        result.reason = json.value("reason", "");
        result.fingerprint = json.at("fingerprint").get<std::string>();
        if (!json.at("final").is_null()) result.final = metrics_from_json(json.at("final"));
        result.seconds = json.at("timings").at("seconds").get<double>();
        if (result.finished && !result.final) return std::nullopt;
        return result;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

}  // namespace labhost
