#include "report/page.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "analysis/configurations.hpp"
#include "analysis/noise.hpp"
#include "analysis/query.hpp"
#include "data/catalog.hpp"
#include "plugin/stamp.hpp"
#include "record/run_layout.hpp"
#include "report/table.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t mistakes_of_a_run = 12;
constexpr std::size_t most_images = 900;  // a kilobyte each
constexpr std::size_t most_classes = 200;
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

/// Images that several runs get wrong are there once.
class Images {
public:
    /// The image's place in the list; nothing if there is no room for another.
    std::optional<std::size_t> add(const Json& pixels, const Json& height, const Json& width) {
        const auto known = places_.find(pixels.get_ref<const std::string&>());
        if (known != places_.end()) return known->second;
        if (list_.size() >= most_images) return std::nullopt;
        places_.emplace(pixels.get<std::string>(), list_.size());
        list_.push_back({{"height", height}, {"width", width}, {"pixels", pixels}});
        return list_.size() - 1;
    }
    const Json& list() const { return list_; }

private:
    std::map<std::string, std::size_t> places_;
    Json list_ = Json::array();
};

/// A square of counts.
bool is_confusion(const Json& json) {
    if (!json.is_array() || json.empty() || json.size() > most_classes) return false;
    return std::ranges::all_of(json, [&](const Json& row) {
        return row.is_array() && row.size() == json.size() &&
               std::ranges::all_of(row, [](const Json& count) { return count.is_number_unsigned(); });
    });
}

/// An image that the page can draw: a byte a pixel, in base64.
bool is_image(const Json& pixels, const Json& height, const Json& width) {
    constexpr std::uint64_t longest_side = 1024;
    const auto is_side = [](const Json& side) {
        return side.is_number_unsigned() && side.get<std::uint64_t>() > 0 && side.get<std::uint64_t>() <= longest_side;
    };
    if (!pixels.is_string() || !is_side(height) || !is_side(width)) return false;
    const auto& text = pixels.get_ref<const std::string&>();
    const std::uint64_t bytes = height.get<std::uint64_t>() * width.get<std::uint64_t>();
    const std::size_t digits = text.find_last_not_of('=') + 1;
    return text.size() == (bytes + 2) / 3 * 4 && digits == (bytes * 4 + 2) / 3 &&
           text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") >= digits;
}

bool is_mistake(const Json& json, std::size_t classes) {
    const auto is_class = [&](const char* key) {
        return json.contains(key) && json[key].is_number_unsigned() && json[key].get<std::uint64_t>() < classes;
    };
    return json.is_object() && is_class("label") && is_class("predicted") && json.contains("example") &&
           json["example"].is_number_unsigned() && json.contains("pixels") && json.contains("probabilities") &&
           json["probabilities"].is_array() && json["probabilities"].size() == classes;
}

/// "confusion" and "mistakes" of a run that recorded them; what another program wrote there is left out.
void add_predictions(Json& json, const fs::path& folder, Images& images) {
    const Json predictions = read_object(folder / run_file::predictions);
    for (const char* key : {"confusion", "mistakes", "height", "width"})
        if (!predictions.contains(key)) return;
    if (!is_confusion(predictions["confusion"]) || !predictions["mistakes"].is_array()) return;
    const std::size_t classes = predictions["confusion"].size();
    Json mistakes = Json::array();
    for (const Json& mistake : predictions["mistakes"]) {
        if (mistakes.size() == mistakes_of_a_run) break;
        if (!is_mistake(mistake, classes) || !is_image(mistake["pixels"], predictions["height"], predictions["width"]))
            continue;
        const auto image = images.add(mistake["pixels"], predictions["height"], predictions["width"]);
        if (!image) continue;
        Json probabilities = Json::array();
        for (const Json& p : mistake["probabilities"])
            probabilities.push_back(p.is_number() ? Json(std::round(p.get<double>() * 1e4) / 1e4) : Json(nullptr));
        mistakes.push_back({{"example", mistake["example"]},
                            {"label", mistake["label"]},
                            {"predicted", mistake["predicted"]},
                            {"probabilities", std::move(probabilities)},
                            {"image", *image}});
    }
    json["confusion"] = predictions["confusion"];
    json["mistakes"] = std::move(mistakes);
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

/// Keys in which runs differ though they are of one model and one experiment: what was swept.
std::vector<std::string> swept_keys(std::span<const RunRecord> runs, std::span<const std::string> keys) {
    std::vector<std::string> swept;
    for (const std::string& key : keys) {
        std::map<std::pair<std::string, std::string>, std::set<std::string>> values;
        for (const RunRecord& run : runs)
            if (const auto value = value_of(run, key)) values[{run.experiment, run.model}].insert(value->dump());
        if (std::ranges::any_of(values, [](const auto& of_model) { return of_model.second.size() > 1; }))
            swept.push_back(key);
    }
    return swept;
}

/// The settings that all runs share, for the page's first table.
Json shared_settings(std::span<const RunRecord> runs, std::span<const std::string> keys) {
    Json shared = Json::array();
    if (runs.empty()) return shared;
    for (const std::string& key : keys) {
        if (key.starts_with("params.")) continue;
        const auto value = value_of(runs.front(), key);
        if (value && std::ranges::all_of(runs, [&](const RunRecord& run) { return value_of(run, key) == value; }))
            shared.push_back({key, plain_text(*value)});
    }
    return shared;
}

Json classes_of(const RunRecord& run) {
    const CatalogEntry* entry = find_in_catalog(text_at(run.data, "dataset"));
    return entry != nullptr ? Json(entry->classes) : Json(nullptr);
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

/// JSON that can stand in a script element: '<' would begin a tag there.
std::string embedded(const Json& json) {
    std::string text;
    for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
        if (c == '<')
            text += "\\u003c";
        else
            text += c;
    }
    return text;
}

std::string html_text(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            default: escaped += c;
        }
    }
    return escaped;
}

std::string title_of(const PageContent& content) {
    if (content.experiments.size() == 1 && !content.experiments.front().title.empty())
        return content.experiments.front().title;
    std::set<std::string> names;
    for (const RunRecord& run : content.runs) names.insert(run.experiment);
    return join(std::vector<std::string>(names.begin(), names.end()));
}

std::string part(const char* name) {
    const fs::path file =
        installed_file(fs::path("share/labhost/report") / name, fs::path("share/labhost/report") / name);
    if (!file_exists(file))
        throw Error(
            ExitCode::run_failed,
            fmt::format("{}: error: no such file, though it belongs to labhost; install labhost again", file.native()));
    return read_file(file);
}

/// A script that the policy lets run.
struct Script {
    std::string text;
    std::string policy() const { return fmt::format("'sha256-{}'", base64(sha256_bytes(text))); }
    std::string element() const { return fmt::format("<script>{}</script>\n", text); }
};

}  // namespace

PageParts read_page_parts() {
    std::string script;
    for (const char* name : {"dom.js", "charts.js", "sections.js", "page.js"}) script += part(name);
    return {.style = part("report.css"), .script = std::move(script), .charts = part("chart.min.js")};
}

Json page_data(const PageContent& content) {
    const auto configurations = configurations_of(content.runs);
    const std::vector<std::string> keys = setting_keys(content.runs);
    const std::vector<std::string> swept = swept_keys(content.runs, keys);

    Json configuration_list = Json::array();
    Json runs = Json::array();
    Images images;
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
            {"shared", shared_settings(content.runs, keys)},
            {"swept", swept},
            {"claims", verdicts_json(content.verdicts)},
            {"configurations", std::move(configuration_list)},
            {"runs", std::move(runs)},
            {"noise", noise_json(noise_of(configurations, metrics))},
            {"images", images.list()},
            {"machines", provenance.machines.list()},
            {"plugins", provenance.plugins.list()}};
}

std::string report_page(const PageContent& content, const PageParts& parts) {
    const Script charts{parts.charts};
    const Script script{parts.script};
    const std::string policy = fmt::format(
        "default-src 'none'; script-src {} {}; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action "
        "'none'",
        charts.policy(), script.policy(), base64(sha256_bytes(parts.style)));
    std::string plain = results_table(content.runs);
    if (!content.verdicts.empty()) plain = verdicts_text(content.verdicts) + "\n" + plain;
    return fmt::format(
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n"
               "<title>{} - labhost</title>\n<style>",
               policy, html_text(title_of(content))) +
           parts.style +
           "</style>\n</head>\n<body>\n<noscript><p>Charts and sorting need JavaScript. The results as "
           "text:</p>\n<pre>" +
           html_text(plain) +
           "</pre></noscript>\n<main id=\"page\"></main>\n<script id=\"data\" type=\"application/json\">" +
           embedded(page_data(content)) + "</script>\n" + charts.element() + script.element() + "</body>\n</html>\n";
}

}  // namespace labhost
