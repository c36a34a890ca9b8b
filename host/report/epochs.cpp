#include "report/epochs.hpp"

#include <cmath>
#include <vector>

#include "analysis/query.hpp"
#include "report/formats.hpp"
#include "report/table.hpp"

namespace labhost {

namespace {

std::string metric_text(const Json& value) {
    return value.is_number_float() && !std::isfinite(value.get<double>()) ? "nan" : plain_text(value);
}

}  // namespace

std::string epochs_csv(std::span<const RunRecord> runs) {
    std::vector<std::string> keys{"experiment", "id", "status", "model", "seed"};
    for (const std::string& key : setting_keys(runs))
        if (key.starts_with("params.")) keys.push_back(key);
    Cells cells{.header = keys};
    cells.header.insert(cells.header.end(), metric_keys().begin(), metric_keys().end());
    cells.header.insert(cells.header.end(), {"seconds", "fingerprint"});
    for (const RunRecord& run : runs) {
        std::vector<std::string> of_run;
        for (const std::string& key : keys) {
            const auto value = value_of(run, key);
            of_run.push_back(value ? plain_text(*value) : "");
        }
        for (const EpochMetrics& epoch : read_epochs(run.folder)) {
            const Json metrics = to_json(epoch);
            std::vector<std::string> row = of_run;
            for (const std::string& key : metric_keys())
                row.push_back(metrics.contains(key) ? metric_text(metrics.at(key)) : "");
            row.push_back(plain_text(metrics.at("seconds")));
            row.push_back(run.fingerprint);
            cells.rows.push_back(std::move(row));
        }
    }
    return cells_csv(cells);
}

Json epochs_json(std::span<const RunRecord> runs) {
    Json json{{"schema", 1}, {"runs", Json::array()}};
    for (const RunRecord& run : runs) {
        Json of_run = results_json(std::span(&run, 1)).at("runs").at(0);
        of_run["experiment"] = run.experiment;
        of_run["epochs"] = Json::array();
        for (const EpochMetrics& epoch : read_epochs(run.folder)) of_run["epochs"].push_back(to_json(epoch));
        json["runs"].push_back(std::move(of_run));
    }
    return json;
}

}  // namespace labhost
