#include "report/page_predictions.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "record/run_layout.hpp"
#include "record/run_record.hpp"

namespace labhost {

namespace {

constexpr std::size_t mistakes_of_a_run = 12;
constexpr std::size_t most_images = 900;  // a kilobyte each
constexpr std::size_t most_classes = 200;

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

}  // namespace

std::optional<std::size_t> PageImages::add(const Json& pixels, const Json& height, const Json& width) {
    const auto known = index_.find(pixels.get_ref<const std::string&>());
    if (known != index_.end()) return known->second;
    if (list_.size() >= most_images) return std::nullopt;
    index_.emplace(pixels.get<std::string>(), list_.size());
    list_.push_back({{"height", height}, {"width", width}, {"pixels", pixels}});
    return list_.size() - 1;
}

void add_predictions(Json& run, const std::filesystem::path& folder, PageImages& images) {
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
    run["confusion"] = predictions["confusion"];
    run["mistakes"] = std::move(mistakes);
}

}  // namespace labhost
