#include "record/experiment_record.hpp"

#include <system_error>

#include "record/json.hpp"
#include "record/run_layout.hpp"
#include "support/error.hpp"
#include "support/files.hpp"

namespace labhost {

void write_experiment(const ExperimentRecord& experiment) {
    Json claims = Json::array();
    for (const Claim& claim : experiment.claims) claims.push_back(to_json(claim));
    const Json json{{"schema", 1},
                    {"name", experiment.name},
                    {"title", experiment.title},
                    {"file", experiment.file.native()},
                    {"source", experiment.source},
                    {"command", experiment.command},
                    {"git", experiment.revision},
                    {"claims", std::move(claims)}};
    std::error_code error;
    std::filesystem::create_directories(experiment.folder, error);  // if it fails, so does the next line, and says so
    write_file_atomically(experiment.folder / experiment_record_file, to_text(json));
}

std::optional<ExperimentRecord> read_experiment_record(const std::filesystem::path& folder) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(folder / experiment_record_file, error)) return std::nullopt;
    try {
        const Json json = Json::parse(read_file(folder / experiment_record_file));
        ExperimentRecord experiment{.name = json.at("name").get<std::string>(),
                                    .title = json.at("title").get<std::string>(),
                                    .file = json.at("file").get<std::string>(),
                                    .source = json.at("source").get<std::string>(),
                                    .command = json.at("command").get<std::string>(),
                                    .revision = json.at("git").get<std::string>(),
                                    .claims = {},
                                    .folder = folder};
        for (const Json& claim : json.at("claims")) experiment.claims.push_back(claim_from_json(claim));
        return experiment;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    } catch (const Error&) {  // it cannot be read
        return std::nullopt;
    }
}

}  // namespace labhost
