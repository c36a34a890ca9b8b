#include "record/run_state.hpp"

#include <system_error>

#include "record/json.hpp"
#include "record/run_layout.hpp"
#include "support/files.hpp"

namespace labhost {

namespace fs = std::filesystem;

std::string to_text(RunState state) {
    switch (state) {
        case RunState::fresh: return "new";
        case RunState::unfinished: return "unfinished";
        case RunState::resumable: return "resumable";
        case RunState::failed: return "failed";
        case RunState::finished: return "finished";
    }
    return "";
}

bool is_over(RunState state) { return state == RunState::failed || state == RunState::finished; }

std::optional<Result> read_result(const fs::path& folder) {
    const fs::path file = folder / run_file::result;
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return std::nullopt;  // a pipe would keep us waiting
    try {
        const Json json = Json::parse(read_file(file));
        Result result;
        result.finished = json.at("status") == to_text(RunState::finished);
        result.reason = json.value("reason", "");
        result.fingerprint = json.at("fingerprint").get<std::string>();
        if (!json.at("final").is_null()) result.final = metrics_from_json(json.at("final"));
        if (json.contains("kept_epoch")) result.kept_epoch = json.at("kept_epoch").get_ref<const std::int64_t&>();
        if (result.kept_epoch < 0 || !result.final || result.kept_epoch > result.final->epoch) result.kept_epoch = 0;
        result.seconds = json.at("timings").at("seconds").get<double>();
        result.job = text_at(object_in(json, "slurm"), "job");
        if (result.finished && !result.final) return std::nullopt;
        return result;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

RunState state_without_result(const fs::path& folder) {
    if (file_exists(folder / run_file::checkpoint)) return RunState::resumable;
    return file_exists(folder) ? RunState::unfinished : RunState::fresh;
}

FoundState state_of(const fs::path& folder, const std::string& fingerprint) {
    std::optional<Result> result = read_result(folder);
    if (result && result->fingerprint == fingerprint) {
        const RunState state = result->finished ? RunState::finished : RunState::failed;
        return {.state = state, .result = std::move(result)};
    }
    return {.state = state_without_result(folder), .damaged_result = !result && file_exists(folder / run_file::result)};
}

}  // namespace labhost
