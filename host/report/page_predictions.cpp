#include "report/page_predictions.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "record/run_layout.hpp"
#include "record/run_record.hpp"

namespace labhost {

namespace {

constexpr std::size_t mistakes_of_a_run = 12;
constexpr std::size_t most_bytes = 950'000;  // of all images
constexpr std::size_t most_classes = 200;

/// A square of counts.
bool is_confusion(const Json& json) {
    if (!json.is_array() || json.empty() || json.size() > most_classes) return false;
    return std::ranges::all_of(json, [&](const Json& row) {
        return row.is_array() && row.size() == json.size() &&
               std::ranges::all_of(row, [](const Json& count) { return count.is_number_unsigned(); });
    });
}

/// An image that the page can draw: a byte for each pixel of each channel, in base64.
bool is_image(const Json& image) {
    constexpr std::uint64_t longest_side = 1024;
    const auto is_side = [&](const char* key) {
        return image.contains(key) && image[key].is_number_unsigned() && image[key].get<std::uint64_t>() > 0 &&
               image[key].get<std::uint64_t>() <= longest_side;
    };
    if (!image.contains("pixels") || !image["pixels"].is_string() || !is_side("height") || !is_side("width"))
        return false;
    const Json channels = image.value("channels", Json(1));
    if (channels != 1 && channels != 3 && channels != 4) return false;
    const auto& text = image["pixels"].get_ref<const std::string&>();
    const std::uint64_t bytes =
        image["height"].get<std::uint64_t>() * image["width"].get<std::uint64_t>() * channels.get<std::uint64_t>();
    const std::size_t digits = text.find_last_not_of('=') + 1;
    return text.size() == (bytes + 2) / 3 * 4 && digits == (bytes * 4 + 2) / 3 &&
           text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") >= digits;
}

/// The values of an example that is no image, as the page shows them: the first of them, to five digits.
Json shown_values(const Json& mistake) {
    constexpr std::size_t most = 64;
    Json shown = Json::array();
    const Json values = mistake.value("values", Json::array());
    if (!values.is_array()) return shown;
    for (const Json& value : values) {
        if (shown.size() == most || !value.is_number()) break;
        shown.push_back(fmt::format("{:.5g}", value.get<double>()));
    }
    return shown;
}

/// Of a regression, pairs of target and prediction: the first output's, of the first examples.
Json fit_of(const Json& predictions) {
    constexpr std::size_t most = 500;
    Json fit = Json::array();
    const Json targets = predictions.value("targets", Json::array());
    const Json predicted = predictions.value("predicted", Json::array());
    if (!targets.is_array() || !predicted.is_array() || targets.size() != predicted.size()) return fit;
    const auto first = [](const Json& row) {
        return row.is_array() && !row.empty() && row[0].is_number() ? row[0] : Json(nullptr);
    };
    for (std::size_t i = 0; i < std::min(most, targets.size()); ++i) {
        Json pair{first(targets[i]), first(predicted[i])};
        if (pair[0].is_number() && pair[1].is_number()) fit.push_back(std::move(pair));
    }
    const auto is_label = [](const Json& pair) { return pair[0] == 0.0 || pair[0] == 1.0; };
    return std::ranges::all_of(fit, is_label) ? Json::array() : fit;  // labels, whose predictions are logits
}

bool is_mistake(const Json& json, std::size_t classes) {
    const auto is_class = [&](const char* key) {
        return json.contains(key) && json[key].is_number_unsigned() && json[key].get<std::uint64_t>() < classes;
    };
    return json.is_object() && is_class("label") && is_class("predicted") && json.contains("example") &&
           json["example"].is_number_unsigned() && json.contains("probabilities") && json["probabilities"].is_array() &&
           json["probabilities"].size() == classes;
}

}  // namespace

std::optional<std::size_t> PageImages::add(const Json& image) {
    const auto& pixels = image["pixels"].get_ref<const std::string&>();
    const auto key = image.dump();  // its shape too
    const auto known = index_.find(key);
    if (known != index_.end()) return known->second;
    if (bytes_ + pixels.size() > most_bytes) return std::nullopt;
    bytes_ += pixels.size();
    index_.emplace(key, list_.size());
    list_.push_back(image);
    return list_.size() - 1;
}

void add_predictions(Json& run, const std::filesystem::path& folder, PageImages& images) {
    const Json predictions = read_object(folder / run_file::predictions);
    if (Json fit = fit_of(predictions); !fit.empty()) run["fit"] = std::move(fit);
    for (const char* key : {"confusion", "mistakes"})
        if (!predictions.contains(key)) return;
    if (!is_confusion(predictions["confusion"]) || !predictions["mistakes"].is_array()) return;
    const std::size_t classes = predictions["confusion"].size();
    Json mistakes = Json::array();
    for (const Json& mistake : predictions["mistakes"]) {
        if (mistakes.size() == mistakes_of_a_run) break;
        if (!is_mistake(mistake, classes)) continue;
        Json image = Json::object();
        for (const char* key : {"height", "width", "channels"})
            if (predictions.contains(key)) image[key] = predictions[key];
        if (mistake.contains("pixels")) image["pixels"] = mistake["pixels"];
        Json shown_as = Json::object();
        if (Json values = shown_values(mistake); !values.empty())
            shown_as = {{"values", std::move(values)}};
        else if (const auto index = is_image(image) ? images.add(image) : std::nullopt)
            shown_as = {{"image", *index}};
        else
            continue;
        Json probabilities = Json::array();
        for (const Json& p : mistake["probabilities"])
            probabilities.push_back(p.is_number() ? Json(std::round(p.get<double>() * 1e4) / 1e4) : Json(nullptr));
        shown_as.update({{"example", mistake["example"]},
                         {"label", mistake["label"]},
                         {"predicted", mistake["predicted"]},
                         {"probabilities", std::move(probabilities)}});
        mistakes.push_back(std::move(shown_as));
    }
    run["confusion"] = predictions["confusion"];
    run["mistakes"] = std::move(mistakes);
}

}  // namespace labhost
