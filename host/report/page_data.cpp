#include "report/page_data.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <set>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "analysis/configurations.hpp"
#include "analysis/noise.hpp"
#include "analysis/query.hpp"
#include "analysis/settings.hpp"
#include "data/catalog.hpp"
#include "plugin/stamp.hpp"
#include "record/run_layout.hpp"
#include "report/claims_table.hpp"
#include "report/noise_table.hpp"
#include "report/page_predictions.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t epochs_of_a_page = 20'000;
constexpr std::size_t log_tail = 4000;  // characters

/// Six significant digits: what a chart can show, at half the size.
Json rounded(double value) {
    return std::isfinite(value) ? Json(std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr)) : Json(nullptr);
}

/// Not more than `most` epochs, evenly chosen, the last among them: a page need not show each of a million.
Json columns_of(const std::vector<EpochMetrics>& epochs, std::size_t most) {
    Json columns = Json::object();
    const std::size_t step = (epochs.size() + most - 1) / std::max<std::size_t>(1, most);
    for (std::size_t i = 0; i < epochs.size(); ++i) {
        if ((epochs.size() - 1 - i) % std::max<std::size_t>(1, step) != 0) continue;
        const EpochMetrics& epoch = epochs[i];
        const Json metrics = to_json(epoch);
        for (const auto& [key, value] : metrics.items())
            columns[key].push_back(value.is_number_float() ? rounded(value.get<double>()) : value);
    }
    return columns;
}

std::string end_of_log(const fs::path& folder) {
    std::error_code error;
    if (!fs::is_regular_file(folder / run_file::log, error)) return "";
    try {
        const std::string log = read_file(folder / run_file::log);
        return printable_lines(log.size() > log_tail ? log.substr(log.size() - log_tail) : log);
    } catch (const Error&) {
        return "";
    }
}

/// Each different value once, in the order of coming.
class Distinct {
public:
    std::size_t add(Json value) {
        const auto found = std::ranges::find(list_, value);
        if (found != list_.end()) return static_cast<std::size_t>(found - list_.begin());
        list_.push_back(std::move(value));
        return list_.size() - 1;
    }
    const std::vector<Json>& list() const { return list_; }

private:
    std::vector<Json> list_;
};

/// Where the runs' machines, programs and plugins are collected.
struct Provenance {
    Distinct machines{};
    Distinct plugins{};
};

void add_provenance(Json& json, const RunRecord& run, Provenance& provenance) {
    Json of_run = object_in(read_object(run.folder / run_file::record), "provenance");
    if (of_run.empty()) return;
    json["started"] = text_at(of_run, "started");
    Json plugin{{"model", run.model}};
    const Json recorded = object_in(of_run, "plugin");
    for (const char* key : {"version", "sha256", "stamp", "file"}) plugin[key] = text_at(recorded, key);
    json["plugin"] = provenance.plugins.add(std::move(plugin));
    Json machine = Json::object();
    for (const auto& [key, value] : of_run.items())
        if (value.is_string() && key != "started" && key != "experiment_file") machine[key] = value;
    json["machine"] = provenance.machines.add(std::move(machine));
}

Json classes_of(const RunRecord& run) {
    const CatalogEntry* entry = find_in_catalog(text_at(run.data, "dataset"));
    if (entry != nullptr) return entry->classes;
    const Json record = read_object(run.folder / run_file::record);
    return record.value("classes", Json(nullptr));
}

Json configuration_json(const Configuration& configuration, std::span<const std::string> swept) {
    const RunRecord& run = *configuration.runs.begin()->second;
    Json json{
        {"label", configuration.label},
        {"experiment", configuration.experiment},
        {"model", run.model},
        {"params", run.params},
        {"epochs",
         run.trainer.contains("epochs") && run.trainer["epochs"].is_number_integer() ? run.trainer["epochs"] : Json(0)},
        {"reference", to_json(run.reference)},
        {"classes", classes_of(run)},
        {"swept", Json::object()}};
    for (const std::string& key : swept)
        if (const auto value = value_of(run, key)) json["swept"][key] = *value;
    return json;
}

Json experiment_json(const ExperimentRecord& experiment) {
    return {{"name", experiment.name},     {"title", experiment.title},     {"file", experiment.file.native()},
            {"source", experiment.source}, {"command", experiment.command}, {"git", experiment.revision}};
}

/// For the page's first table.
Json shared_json(std::span<const RunRecord> runs, std::span<const std::string> keys) {
    Json shared = Json::array();
    for (const auto& [key, value] : shared_settings(runs, keys)) shared.push_back({key, plain_text(value)});
    return shared;
}

}  // namespace

std::string title_of(const PageContent& content) {
    if (content.experiments.size() == 1 && !content.experiments.front().title.empty())
        return content.experiments.front().title;
    std::set<std::string> names;
    for (const RunRecord& run : content.runs) names.insert(run.experiment);
    return join(std::vector<std::string>(names.begin(), names.end()));
}

Json page_data(const PageContent& content) {
    const auto configurations = configurations_of(content.runs);
    const std::vector<std::string> keys = setting_keys(content.runs);
    const std::vector<std::string> swept = swept_keys(content.runs, keys);

    Json configuration_list = Json::array();
    Json runs = Json::array();
    PageImages images;
    Provenance provenance;
    const std::size_t most_epochs =
        std::clamp<std::size_t>(epochs_of_a_page / std::max<std::size_t>(1, content.runs.size()), 20, 1000);
    for (const Configuration& configuration : configurations) {
        for (const auto& [seed, run] : configuration.runs) {
            Json json{{"id", run->id},
                      {"configuration", configuration_list.size()},
                      {"seed", run->seed},
                      {"status", status_text(*run)},
                      {"fingerprint", short_fingerprint(run->fingerprint)},
                      {"folder", run->folder.native()},
                      {"kept", run->kept_epoch},
                      {"seconds", run->seconds ? rounded(*run->seconds) : Json(nullptr)},
                      {"epochs", columns_of(read_epochs(run->folder), most_epochs)}};
            if (run->status == RunState::failed) {
                json["reason"] = run->reason;
                json["log"] = end_of_log(run->folder);
            }
            add_predictions(json, run->folder, images);
            add_provenance(json, *run, provenance);
            runs.push_back(std::move(json));
        }
        configuration_list.push_back(configuration_json(configuration, swept));
    }
    const std::vector<MetricChoice> metrics{{.key = "test.accuracy"}, {.key = "test.loss"}};
    Json experiments = Json::array();
    for (const ExperimentRecord& experiment : content.experiments) experiments.push_back(experiment_json(experiment));
    return {{"title", title_of(content)},
            {"made", fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::now()))},
            {"labhost", host_stamp().field("sdk")},
            {"command", content.command},
            {"reload", content.reload_seconds ? Json(*content.reload_seconds) : Json(nullptr)},
            {"experiments", std::move(experiments)},
            {"shared", shared_json(content.runs, keys)},
            {"swept", swept},
            {"claims", verdicts_json(content.verdicts)},
            {"configurations", std::move(configuration_list)},
            {"runs", std::move(runs)},
            {"noise", noise_json(noise_of(configurations, metrics))},
            {"images", images.list()},
            {"machines", provenance.machines.list()},
            {"plugins", provenance.plugins.list()}};
}

}  // namespace labhost
