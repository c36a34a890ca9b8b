// labhost data: what a data set holds.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "config/settings.hpp"
#include "data/array.hpp"
#include "data/catalog.hpp"
#include "data/images/folder.hpp"
#include "data/normalization.hpp"
#include "data/picture.hpp"
#include "data/trained_examples.hpp"
#include "report/contact_sheet.hpp"
#include "report/table.hpp"
#include "support/files.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// "32x32", "3x32x32"
std::vector<std::int64_t> parse_sizes(const std::string& text) {
    std::vector<std::int64_t> sizes;
    for (const std::string& part : split(text, 'x')) {
        std::int64_t size = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), size);
        if (error != std::errc() || end != part.data() + part.size() || size < 1 || size > 10000)
            throw BadValue("give three sizes, such as 3x32x32, or two of greys");
        sizes.push_back(size);
    }
    const bool is_image = sizes.size() == 2 || (sizes.size() == 3 && (sizes[0] == 1 || sizes[0] == 3));
    if (!is_image) throw BadValue("give three sizes, such as 3x32x32, or two of greys");
    return sizes;
}

template <HasTexts Enum>
Enum parse_choice(const std::string& text) {
    if (const auto value = from_text<Enum>(text)) return *value;
    throw BadValue("give one of " + join(all_texts<Enum>()));
}

struct DataOptions {
    std::string dataset{};
    std::optional<fs::path> folder{};
    std::optional<TargetKind> targets{};
    std::optional<Layout> layout{};
    std::string column{};
    std::vector<std::int64_t> sizes{};
    fs::path sheet{};
    bool json = false;

    void declare(CommandLine& line) {
        line.argument("DATASET", dataset);
        declare_data(line, folder);
        line.value("--kind", "KIND", "what its targets are: classes, reals or labels (the default: as they look)",
                   targets, parse_choice<TargetKind>);
        line.value("--layout", "LAYOUT", "of arrays with four axes: nchw or nhwc", layout, parse_choice<Layout>);
        line.value("--target", "COLUMN", "the column of a .csv file that is foretold", column);
        line.value("--size", "SIZES", "of a folder of images, such as 3x32x32 (the default: the first image's, RGB)",
                   sizes, parse_sizes);
        line.value("--sheet", "FILE", "writes a PNG with examples of each class there", sheet,
                   [](const std::string& text) { return fs::path(text); });
        declare_json(line, json);
    }
};

DataSettings settings_of(const DataOptions& options) {
    const Location here{.file = "labhost data"};
    DataSettings settings{.dataset = resolve_dataset(options.dataset, here, ""),
                          .layout = options.layout,
                          .target = options.column,
                          .where = here};
    if (settings.is_path() && is_image_folder(settings.dataset)) {
        settings.image_sizes = options.sizes.empty() ? size_of_first_image(settings.dataset) : options.sizes;
        settings.on_damaged = OnDamaged::skip;  // and told
    } else if (!options.sizes.empty()) {
        fail_at(here, fmt::format("--size is of folders of images (PNG, JPEG), which {} is not", options.dataset));
    }
    return settings;
}

struct NamedSplit {
    std::string name;
    const Split* split;
};

std::vector<NamedSplit> splits_of(const LoadedParts& parts) {
    std::vector<NamedSplit> splits{{"train", &parts.train}};
    if (parts.validation) splits.push_back({"validation", &*parts.validation});
    if (parts.test) splits.push_back({"test", &*parts.test});
    return splits;
}

std::vector<std::string> class_names(const DataOptions& options, const LoadedParts& parts) {
    if (!parts.classes.empty()) return parts.classes;
    const CatalogEntry* entry = find_in_catalog(options.dataset);
    return entry == nullptr ? std::vector<std::string>()
                            : std::vector<std::string>(entry->classes.begin(), entry->classes.end());
}

/// How many examples of each class.
std::vector<std::int64_t> counts_of(const Split& split, std::size_t classes) {
    std::vector<std::int64_t> counts(classes);
    for (const std::int64_t label : split.labels) ++counts[static_cast<std::size_t>(label)];
    return counts;
}

NormalizeSettings normalization_of(const LoadedParts& parts) {
    const Dataset dataset{.train = parts.train};
    return normalization_of(parts.train, trained_examples({}, dataset));
}

/// Of each output: least, mean, greatest.
std::vector<std::array<double, 3>> targets_of(const Split& split) {
    std::vector<std::array<double, 3>> all(static_cast<std::size_t>(split.outputs));
    for (std::size_t output = 0; output < all.size(); ++output) {
        auto& [least, mean, greatest] = all[output];
        least = greatest = split.targets[output];
        for (std::size_t at = output; at < split.targets.size(); at += all.size()) {
            const double value = split.targets[at];
            least = std::min(least, value);
            greatest = std::max(greatest, value);
            mean += value / static_cast<double>(split.count);
        }
    }
    return all;
}

std::size_t class_count(const LoadedParts& parts) {
    std::int64_t largest = -1;
    for (const NamedSplit& one : splits_of(parts))
        if (!one.split->labels.empty()) largest = std::max(largest, one.split->largest_label);
    return static_cast<std::size_t>(largest + 1);
}

/// Targets that are whole numbers, with two examples of each or more, are classes; else numbers.
LoadedParts load_as_they_look(const DataSettings& settings, const std::optional<fs::path>& folder) {
    try {
        LoadedParts parts = load_parts(settings, folder, TargetKind::classes);
        if (parts.train.count >= 2 * static_cast<std::int64_t>(class_count(parts))) return parts;
        return load_parts(settings, folder, TargetKind::reals);
    } catch (const Error&) {
        if (!settings.is_path() || !settings.image_sizes.empty()) throw;
    }
    return load_parts(settings, folder, TargetKind::reals);
}

Json described(const DataOptions& options, const LoadedParts& parts, const fs::path& place) {
    const NormalizeSettings normalization = normalization_of(parts);
    Json json{{"dataset", options.dataset},   {"place", place.native()},
              {"example", parts.train.sizes}, {"type", parts.train.is_bytes() ? "bytes" : "reals"},
              {"sha256", parts.sha256},       {"mean", normalization.mean},
              {"std", normalization.std},     {"classes", class_names(options, parts)},
              {"left_out", parts.left_out},   {"parts", Json::object()}};
    for (const NamedSplit& one : splits_of(parts)) {
        Json part{{"examples", one.split->count}};
        if (one.split->outputs == 0) part["of_class"] = counts_of(*one.split, class_count(parts));
        for (const auto& [least, mean, greatest] : targets_of(*one.split))
            part["targets"].push_back({{"least", least}, {"mean", mean}, {"greatest", greatest}});
        json["parts"][one.name] = std::move(part);
    }
    return json;
}

void print_classes(const DataOptions& options, const LoadedParts& parts) {
    constexpr std::size_t most_rows = 100;
    const std::vector<std::string> names = class_names(options, parts);
    const std::size_t classes = class_count(parts);
    std::vector<std::string> header{"class", "name"};
    std::vector<std::vector<std::int64_t>> counts;
    for (const NamedSplit& one : splits_of(parts)) {
        header.push_back(one.name);
        counts.push_back(counts_of(*one.split, classes));
    }
    std::vector<std::vector<std::string>> rows;
    for (std::size_t label = 0; label < std::min(classes, most_rows); ++label) {
        std::vector<std::string>& row = rows.emplace_back();
        row = {fmt::format("{}", label), label < names.size() ? printable(names[label]) : "-"};
        for (const auto& of_part : counts) row.push_back(fmt::format("{}", of_part[label]));
    }
    fmt::print("{}", text_table(header, rows, 2));
    if (classes > most_rows) fmt::print("and {} more classes\n", classes - most_rows);
}

void print_targets(const LoadedParts& parts) {
    std::vector<std::vector<std::string>> rows;
    for (const NamedSplit& one : splits_of(parts)) {
        const auto targets = targets_of(*one.split);
        for (std::size_t output = 0; output < targets.size(); ++output)
            rows.push_back({one.name, fmt::format("{}", output), fmt::format("{:.4g}", targets[output][0]),
                            fmt::format("{:.4g}", targets[output][1]), fmt::format("{:.4g}", targets[output][2])});
    }
    fmt::print("{}", text_table({"part", "output", "least", "mean", "greatest"}, rows, 1));
}

/// "0.1307", "0.49 0.48 0.45", or the first few of many.
std::string numbers_text(const std::vector<double>& numbers) {
    constexpr std::size_t most = 8;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < std::min(most, numbers.size()); ++i) texts.push_back(fmt::format("{:.4g}", numbers[i]));
    return join(texts, " ") + (numbers.size() > most ? fmt::format(" ... ({} in all)", numbers.size()) : "");
}

void print_all(const DataOptions& options, const LoadedParts& parts, const fs::path& place) {
    fmt::print("{} in {}\n", options.dataset, place.native());
    std::vector<std::string> counts;
    for (const NamedSplit& one : splits_of(parts))
        counts.push_back(fmt::format("{} to {}", one.split->count, one.name));
    fmt::print("{}; each {} {}\n", join(counts), shape_text(parts.train.sizes),
               parts.train.is_bytes() ? "bytes, which stand for 0 to 1" : "numbers");
    const NormalizeSettings normalization = normalization_of(parts);
    fmt::print("mean {}\nstd  {}\n\n", numbers_text(normalization.mean), numbers_text(normalization.std));
    if (parts.train.outputs == 0)
        print_classes(options, parts);
    else
        print_targets(parts);
    for (const std::string& file : parts.left_out) fmt::print("cannot be decoded: {}\n", printable(file));
}

ExitCode show(const DataOptions& options) {
    const DataSettings settings = settings_of(options);
    const LoadedParts parts = options.targets ? load_parts(settings, options.folder, *options.targets)
                                              : load_as_they_look(settings, options.folder);
    const fs::path place = place_of(settings, options.folder);
    if (!options.sheet.empty()) {
        if (!is_picture(parts.train))
            fail_at(settings.where, fmt::format("--sheet is of images, and the examples of {} are {}", options.dataset,
                                                shape_text(parts.train.sizes)));
        write_file_atomically(options.sheet, contact_sheet(parts.train));
    }
    if (options.json)
        fmt::print("{}", to_text(described(options, parts, place)));
    else
        print_all(options, parts, place);
    return ExitCode::ok;
}

}  // namespace

Verb data_verb() {
    return make_verb("data", "what a data set holds: sizes, classes, mean and deviation, examples", show);
}

}  // namespace labhost
